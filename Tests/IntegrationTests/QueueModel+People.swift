import Redis

@testable import Publishing

/// What people do: pauses, cancelling, dead letters.
extension QueueModel {
    private func subject() -> Pauses.Subject {
        numbers.chance(200)
            ? .queue(numbers.one(of: rules.queues)) : .account(numbers.one(of: rules.accounts))
    }

    func pause() async throws {
        let subject = subject()
        let length: Duration? =
            numbers.chance(400) ? nil : .seconds(numbers.one(of: [1, 60, 3600, 90_000]))
        try await queue.pause(subject, because: "somebody wants it", for: length)
        note("\(subject) is paused for \(length.map { "\($0)" } ?? "ever")")
        record.count(length == nil ? "pauses without an end" : "pauses with an end")
        let end = length.map { record.now + $0.milliseconds }
        record.paused(subject, until: end)
        // From Redis's clock to the simulated one.
        let key = queue.keys.pause(of: subject)
        _ = try await redis.send(["PERSIST", .text(key)])
        _ = try await redis.send(["ZREM", .text(QueueModelClock.ends), .text(key)])
        guard let end else { return }
        _ = try await redis.send(
            ["ZADD", .text(QueueModelClock.ends), .integer(end), .text(key)]
        )
    }

    func resume() async throws { try await resume(subject()) }

    func resume(_ subject: Pauses.Subject) async throws {
        let hadEffect = try await queue.resume(subject)
        note("\(subject) is resumed: \(hadEffect)")
        try record.resumed(subject, hadEffect)
        let key = queue.keys.pause(of: subject)
        _ = try await redis.send(["ZREM", .text(QueueModelClock.ends), .text(key)])
    }

    func cancel() async throws {
        let isEarly = numbers.chance(50)
        guard isEarly || !pushed.isEmpty else { return }
        // Rather a recent one: older ones have mostly ended.
        let recent = Array(pushed.suffix(30))
        let id = isEarly ? "job-\(pushed.count + 3)" : numbers.one(of: recent).id
        let answer = try await queue.cancel(id)
        note("\(id) is cancelled: \(answer)")
        try record.cancelled(id, answer)
    }

    /// Revives and purges, also what is no dead letter.
    func lookAfterDead() async throws {
        let dead = record.tickets.filter { $0.value.isDead || $0.value.stage == .reconcile }
        let all = numbers.chance(850) && !dead.isEmpty ? dead : record.tickets
        guard !all.isEmpty else { return }
        let name = numbers.one(of: all.keys.sorted())
        if numbers.chance(600) {
            // Its row first: PostgreSQL lets it begin anew.
            let id = record.tickets[name]?.id
            let isRevived = try await queue.revive(name)
            note("\(name) is revived: \(isRevived)")
            try record.revived(name, isRevived)
            if isRevived, let id, endings[id]?.ticket == name { endings[id] = nil }
        } else {
            let isPurged = try await queue.purge(name)
            note("\(name) is purged: \(isPurged)")
            try record.purged(name, isPurged)
        }
    }
}
