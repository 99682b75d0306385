package import FoundationEssentials
package import Redis

/// What people ask of the queue: pauses, cancelling, dead letters.
extension JobQueue {
    // MARK: Pauses

    /// Pauses a queue or an account.
    ///
    /// - Parameters:
    ///   - reason: for people, at most `Pauses.reasonBytesMax` bytes.
    ///   - length: `nil`: until somebody resumes; else at most `Pauses.longest`.
    package func pause(
        _ subject: Pauses.Subject,
        because reason: String,
        for length: Duration?
    ) async throws(RedisError) {
        var command: [RedisArgument] = ["SET", .text(keys.pause(of: subject)), .text(reason)]
        if let length { command += ["PX", .integer(max(1, length.milliseconds))] }
        _ = try await redis.send(command)
    }

    /// Ends a pause; of an account also what TikTok's answers hold it for.
    ///
    /// - Returns: whether there was anything to end.
    package func resume(_ subject: Pauses.Subject) async throws(RedisError) -> Bool {
        switch subject {
        case .queue:
            try await redis.send(["DEL", .text(keys.pause(of: subject))]).integer == 1
        case .account(let account):
            try await run(scripts.resume, [.text(account)]).integer == 1
        }
    }

    /// The pause that stands, if one does.
    package func pause(of subject: Pauses.Subject) async throws(RedisError) -> Pauses.Pause? {
        let key = keys.pause(of: subject)
        let answers = try await redis.pipeline([["GET", .text(key)], ["PTTL", .text(key)]])
        guard let reason = answers.first?.text else { return nil }
        let left = answers.dropFirst().first?.integer ?? -1
        return Pauses.Pause(reason: reason, left: left < 0 ? nil : .milliseconds(left))
    }

    // MARK: Cancelling

    /// Where a job stood when it was asked to stop.
    package enum Cancelling: String, Sendable {
        /// No worker has read its document yet: it stops when one does.
        case unseen
        /// Its next turn, which begins at once, ends it.
        case waiting
        /// A worker has it, and stops at the next step where nothing can be out.
        case running
        /// Nothing is left to stop.
        case ended
    }

    /// Asks for a job to stop.
    package func cancel(_ id: String) async throws(RedisError) -> Cancelling {
        let answer = try await run(scripts.cancel, [.text(id)])
        return answer.text.flatMap(Cancelling.init) ?? .ended
    }

    // MARK: Dead letters

    /// A job that will not go on unless a person says so.
    package struct DeadLetter: Sendable {
        package let ticket: String
        /// `nil` when its document could not be read.
        package let id: String?
        package let account: String?
        package let queue: String
        /// A code of the error catalogue.
        package let reason: String
        package let diedAt: Date
        package let attempts: Int
        /// As upstream pushed it.
        package let document: [UInt8]
    }

    /// Most dead letters there are; see `settle.lua`.
    package static let deadLettersMax = 10_000

    /// Dead letters, the newest first.
    ///
    /// - Parameter offset: how many newer ones to skip.
    package func deadLetters(
        from offset: Int,
        atMost most: Int
    ) async throws(RedisError) -> [DeadLetter] {
        let range = try await redis.send(
            [
                "ZRANGE", .text(keys.dead), .integer(Int64(offset)),
                .integer(Int64(offset + most - 1)), "REV", "WITHSCORES",
            ]
        )
        let parts = (range.array ?? []).compactMap(\.text)
        let tickets = stride(from: 0, to: parts.count - 1, by: 2).map { (parts[$0], parts[$0 + 1]) }
        guard !tickets.isEmpty else { return [] }
        let jobs = try await redis.pipeline(
            tickets.map { ticket, _ in
                [
                    "HMGET", .text(keys.job(ticket)), "id", "account", "queue", "reason",
                    "attempts", "document",
                ]
            }
        )
        return zip(tickets, jobs).compactMap { ticket, job in
            DeadLetter(ticket.0, diedAt: ticket.1, job.array ?? [])
        }
    }

    /// Lets a dead letter, or a job in doubt, begin anew; its row must have been reopened.
    ///
    /// - Returns: `false` when it is neither.
    package func revive(_ ticket: String) async throws(RedisError) -> Bool {
        try await run(scripts.revive, [.text(ticket)]).integer == 1
    }

    /// Drops a dead letter; its id stays taken.
    ///
    /// - Returns: `false` when it is no dead letter.
    package func purge(_ ticket: String) async throws(RedisError) -> Bool {
        let answer = try await run(
            scripts.purge,
            [.text(ticket), .integer(Self.finishedIDMilliseconds)]
        )
        return answer.integer == 1
    }

    /// The ticket that a job id belongs to, if the queue knows it.
    package func ticket(of id: String) async throws(RedisError) -> String? {
        try await redis.send(["GET", .text(keys.owner(of: id))]).text
    }
}

extension JobQueue.DeadLetter {
    /// `nil` when the job is gone meanwhile.
    fileprivate init?(_ ticket: String, diedAt: String, _ fields: [RedisValue]) {
        guard fields.count == 6, let queue = fields[2].text, let died = Double(diedAt) else {
            return nil
        }
        self.ticket = ticket
        id = fields[0].text
        account = fields[1].text
        self.queue = queue
        reason = fields[3].text ?? ""
        self.diedAt = Date(timeIntervalSince1970: died / 1000)
        attempts = fields[4].text.flatMap { Int($0) } ?? 0
        document = if case .bytes(let bytes) = fields[5] { bytes } else { [] }
    }
}
