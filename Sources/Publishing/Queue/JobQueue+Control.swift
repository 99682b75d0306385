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
        let milliseconds = length.map { max(1, $0.milliseconds) }
        switch subject {
        case .queue:
            var command: [RedisArgument] = ["SET", .text(keys.pause(of: subject)), .text(reason)]
            if let milliseconds { command += ["PX", .integer(milliseconds)] }
            _ = try await redis.send(command)
        case .account(let account):
            // Empty means to the script that the pause ends.
            let why = reason.isEmpty ? "-" : reason
            _ = try await run(
                scripts.pause,
                [.text(account), .text(why), .integer(milliseconds ?? 0)]
            )
        }
    }

    /// Ends a pause; of an account also what TikTok's answers hold it for.
    ///
    /// - Returns: whether there was anything to end.
    package func resume(_ subject: Pauses.Subject) async throws(RedisError) -> Bool {
        switch subject {
        case .queue:
            try await redis.send(["DEL", .text(keys.pause(of: subject))]).integer == 1
        case .account(let account):
            try await run(scripts.pause, [.text(account), "", 0]).integer == 1
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
    ///
    /// - Parameter signal: by which Celery terminates a task that has begun; `nil`: a person asks.
    package func cancel(
        _ id: String,
        by signal: Int64? = nil
    ) async throws(RedisError) -> Cancelling {
        guard let standing = try await cancel(id, evenBegun: true, signal) else {
            throw .unexpectedAnswer(of: scripts.cancel)
        }
        return standing
    }

    /// Asks for a job to stop, unless a worker has it or it is at TikTok.
    ///
    /// - Returns: `nil` when it is left alone.
    func cancelUnlessBegun(_ id: String) async throws(RedisError) -> Cancelling? {
        try await cancel(id, evenBegun: false, nil)
    }

    private func cancel(
        _ id: String,
        evenBegun: Bool,
        _ signal: Int64?
    ) async throws(RedisError) -> Cancelling? {
        let answer = try await run(
            scripts.cancel,
            [.text(id), evenBegun ? "" : "1", signal.map { .integer($0) } ?? ""]
        )
        if !evenBegun, answer.text == "begun" { return nil }
        guard let standing = answer.text.flatMap(Cancelling.init) else {
            throw .unexpectedAnswer(of: scripts.cancel)
        }
        return standing
    }

    /// The signal by which Celery has terminated the job of a claim after it began; `nil`: none.
    func termination(of claim: Claim) async throws(RedisError) -> Int64? {
        try await redis.send(["HGET", .text(keys.job(claim.ticket)), "terminated"]).integer
    }

    // MARK: Callers of the same job

    /// Whoever asks asks again much sooner.
    private static let askerMilliseconds: Int64 = 2 * 3_600_000

    /// Lets this claim's job be woken when the job of that id ends, or its own task is revoked.
    func ask(
        aboutEndOf id: String,
        for task: CeleryMessage,
        _ claim: Claim
    ) async throws(RedisError) {
        let key = RedisArgument.text(keys.askers(of: id))
        try await redis.sendAll(
            [
                ["SADD", key, .text(claim.ticket)],
                ["PEXPIRE", key, .integer(Self.askerMilliseconds)],
                [
                    "SET", .text(keys.asking(task.id)), .text(claim.ticket), "PX",
                    .integer(Self.askerMilliseconds),
                ],
            ]
        )
    }

    // MARK: Dead letters

    /// Most dead letters there are; see `settle.lua`.
    package static let deadLettersMax = 10_000

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
}
