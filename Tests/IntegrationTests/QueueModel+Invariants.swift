import Redis
import TikTok

@testable import Publishing

/// What must hold at every moment, whatever has happened.
extension QueueModel {
    func snapshot() async throws -> QueueModelSnapshot {
        QueueModelSnapshot(try await run("snapshot", QueueModelSnapshot.script))
    }

    func checkInvariants() async throws {
        let state = QueueModelState(try await snapshot())
        try checkPlaces(state)
        try checkLeases(state)
        for account in rules.accounts {
            for lane in QueueModelRecord.lanes(of: account) { try checkSlots(state, lane) }
        }
        let running = record.running.filter { !$0.value.isEmpty }
        try unless(state.running.mapValues { Set($0) } == running, "\(state.running) run")
        try checkJobs(state)
        for account in rules.accounts { try checkLimits(state, account) }
        record.count("checks")
    }

    /// Each pushed document is in exactly one place, or was taken out once.
    private func checkPlaces(_ state: QueueModelState) throws {
        var found = record.consumed
        for document in state.documents {
            guard let push = record.pushes[document] else {
                throw QueueModelViolation(description: "\(document) was never pushed")
            }
            found[push, default: 0] += 1
        }
        for push in pushed {
            let count = found[push.number] ?? 0
            try unless(count == 1, "\(push.text) is there \(count) times")
        }
        for (ticket, places) in state.places {
            try unless(places.count == 1, "\(ticket) is in \(places)")
            try unless(state.jobs[ticket] != nil, "\(ticket) in \(places) has no job")
        }
        for ticket in state.jobs.keys {
            try unless(state.places[ticket] != nil, "\(ticket) is nowhere")
        }
        for (queue, lists) in record.upstream {
            for (level, list) in lists.enumerated() {
                let there = state.upstream(queue, level)
                try unless(there == list, "list \(level) of \(queue) is \(there), not \(list)")
            }
        }
    }

    /// A job has a fence exactly while its lease lasts, and those that were given out last.
    private func checkLeases(_ state: QueueModelState) throws {
        let fenced = state.jobs.compactMapValues { $0["fence"].flatMap { Int64($0) } }
        let expected = record.tickets.compactMapValues(\.fence)
        try unless(fenced == expected, "fences \(fenced), not \(expected)")
        let ends = record.tickets.filter { $0.value.fence != nil }.mapValues(\.leaseEnd)
        try unless(state.leases == ends, "leases \(state.leases), not \(ends)")
        let cancels = state.cancels
        try unless(cancels == record.cancels, "cancels \(cancels), not \(record.cancels)")
    }

    /// Nobody waits for a slot that is free, and nobody owns one who will not use it.
    private func checkSlots(_ state: QueueModelState, _ lane: String) throws {
        let owners = state.slots[lane] ?? []
        let slots = rules.limits.concurrency
        try unless(owners.count <= slots, "\(owners.count) owners of slots of \(lane)")
        for owner in owners {
            let place = state.places[owner]?.first ?? "nowhere"
            let isFine = ["leases", "ready", "called", "timers"].contains(place)
            try unless(isFine, "the owner \(owner) of a slot of \(lane) is in \(place)")
        }
        let line = state.lines[lane] ?? []
        let expected = record.slots[lane] ?? []
        try unless(Set(owners) == expected, "slots of \(owners), not \(expected)")
        try unless(line == record.lines[lane] ?? [], "the line \(line) is another")
        try unless(line.isEmpty || owners.count == slots, "\(line) waits for nobody")
        for (name, ticket) in record.tickets where ticket.lane == lane {
            try unless(
                !ticket.isRunning || owners.contains(name),
                "\(name) runs without a slot of \(lane)"
            )
        }
    }

    /// The hashes say what the lists say.
    private func checkJobs(_ state: QueueModelState) throws {
        var inLine: [String: Int] = [:]
        for ticket in state.lines.values.joined() {
            inLine[state.jobs[ticket]?["queue"] ?? "", default: 0] += 1
        }
        let told = state.inLine.filter { $0.value != 0 }
        try unless(told == inLine, "in line \(told), not \(inLine)")
        for (name, job) in state.jobs {
            let ticket = record.tickets[name]
            try unless(job["id"] == ticket?.id, "\(name) is \(job["id"] ?? "nobody")")
            try unless(job["account"] == ticket?.account, "\(name) has another account")
            try unless(job["lane"] == ticket?.lane, "\(name) has another lane")
            try unless(job["woken"] == ticket?.woken, "\(name) woken by \(job["woken"] ?? "")")
            if let id = job["id"] {
                try unless(state.owners[id] == name, "\(id) of \(name) is not its own")
            }
            let queue = state.queues[name]
            try unless(queue == nil || queue == job["queue"], "\(name) waits in another queue")
        }
        let dead = Set(record.tickets.filter { $0.value.isDead }.keys)
        try unless(Set(state.dead) == dead, "dead letters \(state.dead), not \(dead)")
        try unless(
            state.called <= QueueModelRules.workers * 40,
            "\(state.called) tickets have been called"
        )
    }

    /// What the scripts count is what was done.
    private func checkLimits(_ state: QueueModelState, _ account: String) throws {
        let start = record.now - QueueModelRules.day
        for kind in ["post", "draft"] {
            let there = (state.counted["\(kind):\(account)"] ?? [:]).filter { $0.value > start }
            let done = record.countedInDay(kind, account)
            try unless(there == done, "\(kind)s of \(account): \(there), not \(done)")
            let lane = "\(kind):\(account)"
            let hold = state.holds[lane].flatMap { Int64($0.prefix { $0 != " " }) }
            let expected = record.isHeld(lane) ? record.holds[lane] : nil
            try unless(hold == expected, "\(lane) held until \(hold ?? 0), not \(expected ?? 0)")
        }
        for endpoint in Admission.CallsPerMinute.endpoints {
            let key = "\(endpoint.rawValue):\(account)"
            let there = state.calls[key] ?? []
            let limit = rules.limits.calls(of: endpoint)
            try unless(there.count <= limit, "\(there.count) calls of \(key) are kept")
        }
    }
}
