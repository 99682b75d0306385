import Redis
import TikTok

@testable import Publishing

/// How turns end, calls to TikTok on the way, and what becomes of workers.
extension QueueModel {
    /// A call that the limits of a minute may put off.
    func call(_ index: Int, _ job: PublishJob, _ endpoint: Endpoint) async throws {
        let held = hands[index]
        let isCurrent = record.isCurrent(held.claim)
        // The program looks at its own clock once the script has answered; what the script counts
        // then begins no post.
        let begins = job.beginsWith.contains(endpoint)
        if isCurrent, begins, !isHeld(held) { return try await leave(index) }
        let pacer = Pacer(admission, job, held.claim, countedAt: nil)
        let stop = try await fenced(held.claim) { await Self.stop(of: pacer, endpoint) }
        let words = stop.map { "\($0)" } ?? "now"
        note("\(held.claim.ticket)/\(held.claim.fence) calls \(endpoint.rawValue): \(words)")
        switch stop {
        case .lost:
            try unless(!isCurrent, "the holder lost its call")
            try await leave(index)
        case .limited(let wait):
            try unless(isCurrent, "a stale fence was answered \(wait)")
            try record.called(held.claim, job, endpoint, wait: wait)
            var settlement = Settlement.park(for: wait, held.claim)
            settlement.reason = "rate_limit"
            try await settle(index, as: settlement)
        case nil:
            try unless(isCurrent, "a stale fence may call")
            try record.called(held.claim, job, endpoint, wait: nil)
            if begins, endpoint != .creatorInfo { hands[index].hasBegun = true }
        default: throw QueueModelViolation(description: "the call came to \(words)")
        }
    }

    /// Workers keep to their leases by their own clocks, a second early.
    private func isHeld(_ held: QueueModelHeld) -> Bool { record.now < held.leaseEnd - 1000 }

    private static func stop(of pacer: Pacer, _ endpoint: Endpoint) async -> Stop? {
        do throws(Stop) {
            try await pacer.pass(endpoint)
            return nil
        } catch {
            return error
        }
    }

    /// Records an end in PostgreSQL, which refuses it to whoever is behind, and settles.
    func end(_ index: Int, _ settlement: Settlement) async throws {
        let held = hands[index]
        if let id = held.job?.id {
            guard (openedFences[id] ?? 0) <= held.claim.fence else {
                return try await leave(index)
            }
            // A final row refuses another end, also the same; only the queue is told again.
            if endings[id] == nil {
                endings[id] = (held.claim.ticket, settlement.verb == "dead")
                openedFences[id] = held.claim.fence
            } else if endings[id]?.ticket != held.claim.ticket {
                return try await leave(index)
            }
        }
        try await settle(index, as: settlement)
    }

    func settle(_ index: Int, as settlement: Settlement) async throws {
        let held = hands[index]
        // What a job counted that did not come to its init is given back.
        let isUncalled = held.isAdmitted && !held.hasBegun && settlement.verb == "dead"
        let uncalled = isUncalled ? held.job?.beginsWith ?? [] : []
        let isOurs = try await settle(held.claim, as: settlement, uncalled)
        if isReplyLost() {
            hands[index].pending = settlement
            return
        }
        if numbers.chance(30) { _ = try await settle(held.claim, as: settlement, uncalled) }
        if isOurs { hands.remove(at: index) } else { try await leave(index) }
    }

    private func settle(
        _ claim: Claim,
        as settlement: Settlement,
        _ uncalled: [Endpoint]
    ) async throws -> Bool {
        let isOurs = try await fenced(claim) {
            try await queue.settle(claim, as: settlement, uncalled: uncalled)
        }
        note("\(claim.ticket)/\(claim.fence) is settled as \(settlement.short): \(isOurs)")
        try record.settled(claim, as: settlement, isOurs, uncalled)
        return isOurs
    }

    /// The worker has lost the job, and usually says so.
    func leave(_ index: Int) async throws {
        let claim = hands.remove(at: index).claim
        guard !isReplyLost() else { return }
        // Once more where the answer is lost.
        for _ in 0..<(numbers.chance(200) ? 2 : 1) {
            try await queue.survive(claim)
            note("\(claim.ticket)/\(claim.fence) was lost, and its worker lives")
            record.survived(claim)
        }
    }

    // MARK: Workers

    func beat(_ worker: Int) async throws {
        let held = hands.filter { $0.worker == worker }
        let pairs = held.map { (ticket: $0.claim.ticket, fence: $0.claim.fence) }
        let beat = try await queue.beat(pairs, worker: "worker-\(worker)", state: "{}")
        note("worker \(worker) beats for \(pairs.count) jobs, has lost \(beat.lost)")
        try record.beaten(held, beat)
        if isReplyLost() { return }
        let end = record.now + QueueModelRules.lease.milliseconds
        for index in hands.indices where hands[index].worker == worker {
            // A lease that has ended by the worker's own clock stays lost to it.
            let isLost = beat.lost.contains(hands[index].claim.ticket)
            if !isLost, isHeld(hands[index]) { hands[index].leaseEnd = end }
        }
    }

    func recover() async throws {
        let found = try await queue.recover(lookingAfter: rules.queues)
        note("\(found.count) jobs are recovered")
        try record.recovered(found.count, nextTimer: found.nextTimer)
    }

    /// Whatever the worker held is gone from its memory.
    func die(_ worker: Int) {
        note("worker \(worker) dies")
        record.count("deaths")
        hands.removeAll { $0.worker == worker }
        // Whoever starts in its place knows no fences.
        seenFences[worker] = nil
    }

    /// Redis comes back without its latest writes to the counter of fences: workers that know
    /// nothing newer than it raise it before they claim again.
    func loseFences() async throws {
        let lost = Int64(numbers.from(1, to: 30))
        guard record.lastFence > lost else { return }
        record.lastFence -= lost
        record.count("fences lost")
        note("Redis has lost \(lost) fences")
        // The counter is a key of the scripts alone.
        let key = QueueModelRules.keys.leases.replacing("leases", with: "fence")
        _ = try await redis.send(["SET", .text(key), .integer(record.lastFence)])
        for (worker, seen) in seenFences.enumerated() where seen ?? .max <= record.lastFence {
            try await raiseFences(worker)
        }
    }
}

extension Settlement {
    var short: String {
        "\(verb) \(delay.milliseconds) ms \(stage) slot \(slot)"
            + (givesPostBack ? " given back" : "")
            + (holdAccount > .zero ? " holds for \(holdAccount.milliseconds) ms" : "")
    }
}
