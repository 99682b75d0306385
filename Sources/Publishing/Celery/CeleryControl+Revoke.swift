internal import JSON
internal import Redis

/// Revoking: what a caller asks for with `revoke()`.
extension CeleryControl {
    /// How many tasks are looked for at once; a request has as many as fit into it.
    private static let batchMax = 1000

    /// Flags tasks, so that no worker begins one, and ends those that wait.
    ///
    /// What has begun is left alone, as Celery does, unless it is to be terminated: then it stops
    /// at the next step where nothing can be out. The answer says what becomes of each.
    func revoke(
        _ arguments: [String: JSONValue],
        terminates: Bool
    ) async throws(RedisError) -> Answer {
        let asked = arguments["task_id"] ?? .null
        let ids = asked.string.map { [$0] } ?? asked.array?.compactMap(\.string) ?? []
        guard !ids.isEmpty else { return .refused("task_id must be an id, or a list of ids") }
        let signal: Int64?
        do throws(CelerySignal.Unknown) {
            signal = try CelerySignal.number(in: arguments, terminates: terminates)
        } catch {
            return .refused(error.words)
        }
        try await queue.flagRevoked(ids)
        var words: [String: [String]] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.batchMax) {
            let batch = Array(ids[start..<min(start + Self.batchMax, ids.count)])
            let askers = try await queue.wakeAskers(batch)
            if !askers.isEmpty { words["ends now", default: []] += askers }
            for (id, job) in try await queue.jobs(of: batch) where !askers.contains(id) {
                let fate = try await end(job, by: signal)
                words[fate, default: []].append(id)
            }
        }
        let fates = words.sorted { $0.key < $1.key }
            .map { "\($0.value.sorted().joined(separator: ", ")) \($0.key)" }
        let shown = ids.joined(separator: ", ")
        guard signal != nil else {
            return .done((["tasks \(shown) flagged as revoked"] + fates).joined(separator: "; "))
        }
        return .done(
            fates.isEmpty
                ? "terminate: tasks unknown" : "terminate: \(fates.joined(separator: "; "))"
        )
    }

    /// Flags all tasks that bear a stamp: a worker that comes to one ends it.
    func revokeStamped(_ arguments: [String: JSONValue]) async throws(RedisError) -> Answer {
        let asked = arguments["headers"] ?? .null
        let stamps = CeleryStamp.all(in: CeleryStamp.headers(asked))
        guard !stamps.isEmpty else {
            return .refused("headers must be an object of stamps by their names")
        }
        let signal: Int64?
        do throws(CelerySignal.Unknown) {
            signal = try CelerySignal.number(in: arguments, terminates: false)
        } catch {
            return .refused(error.words)
        }
        try await queue.flagRevoked(stamps)
        let headers = "headers \(PythonText.of(asked, atMost: 1000))"
        guard let signal else {
            return .done("\(headers) flagged as revoked, but not terminated")
        }
        let wanted = Set(stamps)
        let inHand = parts.tasks.active(atMost: Self.batchMax).map(\.message)
            .filter { !wanted.isDisjoint(with: CeleryStamp.all(in: $0.stamps)) }
        for job in try await queue.jobs(of: inHand.map(\.id)).values {
            _ = try await queue.cancel(job, by: signal)
        }
        return .done(inHand.isEmpty ? "\(headers) were not terminated" : "\(headers) revoked")
    }

    /// - Parameter signal: `nil`: what has begun is left alone.
    /// - Returns: what becomes of the job.
    private func end(_ job: String, by signal: Int64?) async throws(RedisError) -> String {
        guard let signal else {
            return switch try await queue.cancelUnlessBegun(job) {
            case .unseen, .waiting: "ends now"
            case .running, nil: "has begun, and is not broken off without terminate"
            case .ended: "has ended already"
            }
        }
        let standing = try await queue.cancel(job, by: signal)
        // Whether a worker has it or not: of what is at TikTok only TikTok can stop anything.
        if standing != .ended, try await queue.find(job)?.stage == .watch {
            return "is at TikTok, which is asked to stop it if it still fetches; what was uploaded "
                + "cannot be stopped"
        }
        return switch standing {
        case .unseen, .waiting: "ends now"
        case .running: "stops at the next step, unless the post may be out by then"
        case .ended: "has ended already"
        }
    }
}
