package import JSON
package import Redis

/// A worker that showed a sign of life a short while ago.
package struct Presence: Sendable {
    package let worker: String
    /// How long ago, on Redis's clock.
    package let silence: Duration
    /// What it said then (`Desk`); `nil` when that cannot be read.
    package let state: JSONValue?
}

extension JobQueue {
    /// Most workers of one answer.
    package static let workersMax = 1000

    /// The workers that live, by name, and those that died a moment ago.
    package func presences() async throws(RedisError) -> [Presence] {
        let answers = try await redis.pipeline([
            ["TIME"],
            [
                "ZRANGE", .text(keys.workers), 0, .integer(Int64(Self.workersMax - 1)),
                "WITHSCORES",
            ],
        ])
        let time = (answers[0].array ?? []).compactMap(\.integer)
        let signs = (answers[1].array ?? []).compactMap(\.text)
        guard time.count == 2, signs.count > 1 else { return [] }
        let now = time[0] * 1000 + time[1] / 1000
        let names = stride(from: 0, to: signs.count - 1, by: 2).map { signs[$0] }
        let states = try await redis.send(
            ["HMGET", .text(keys.workerStates)] + names.map { .text($0) }
        )
        let presences = zip(names.indices, states.array ?? []).map { index, state in
            let seen = Double(signs[index * 2 + 1]) ?? 0
            return Presence(
                worker: names[index],
                silence: .milliseconds(max(0, now - Int64(seen))),
                // Another version of the program may say it in another way.
                state: state.bytes.flatMap { try? JSONValue(parsing: $0) }
            )
        }
        return presences.sorted { $0.worker < $1.worker }
    }
}

extension Presence {
    /// What a worker is doing with one job.
    package struct Work: Sendable {
        package let ticket: String
        /// `nil` while its document is not read.
        package let job: String?
        package let step: String
        package let since: String
    }

    /// The first of its jobs; `inHand` counts them all.
    package var work: [Work] {
        (state?["jobs"]?.array ?? []).compactMap { job -> Work? in
            guard let ticket = job["ticket"]?.string else { return nil }
            return Work(
                ticket: ticket,
                job: job["job"]?.string,
                step: job["step"]?.string ?? "",
                since: job["since"]?.string ?? ""
            )
        }
    }

    package var inHand: Int { Int(state?["in_hand"]?.integer ?? 0) }

    package var queues: [String] {
        (state?["queues"]?.array ?? []).compactMap(\.string)
    }
}
