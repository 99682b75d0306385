internal import Foundation
package import PrivateServers
internal import Processes
internal import Redis

/// What tests of outages look at and do.
extension RunningProgram {
    /// The lines of the log that hold all of these words.
    package func lines(with words: String...) -> [Substring] { lines(withAll: words) }

    private func lines(withAll words: [String]) -> [Substring] {
        err.split(separator: "\n").filter { line in words.allSatisfy { line.contains($0) } }
    }

    /// Waits for so many lines: they come a moment after what they tell of.
    ///
    /// - Returns: whether there are no more of them.
    package func hasLines(_ count: Int, with words: String...) async throws -> Bool {
        try await waitUntil("\(count) lines with \(words)", state: { err }) {
            lines(withAll: words).count >= count
        }
        return lines(withAll: words).count == count
    }

    /// Waits until the log says that a server is away.
    package func awaitAway(_ server: String) async throws {
        try await waitUntil(
            "the outage of \(server) in the log",
            state: { String(err.suffix(4000)) }
        ) {
            !lines(with: "server.away", "server=\(server) ").isEmpty
        }
    }
}

extension TestBed {
    /// The last fence that was given out: it grows with every claim of every worker.
    package func lastFence() async throws -> Int64 {
        try await redis.send(["GET", .text(key("fence"))]).integer ?? 0
    }

    /// Documents that no worker has claimed.
    package func unclaimed() async throws -> Int64 {
        var sum: Int64 = 0
        for list in [queue, key("stage:" + queue)] {
            sum += try await redis.send(["LLEN", .text(list)]).integer ?? 0
        }
        return sum
    }
}

extension RedisServer {
    /// Sends commands as a person would, over a connection of their own.
    ///
    /// - Returns: the first of the answer; `nil` when nobody answers.
    @discardableResult
    package func tell(_ commands: String...) async -> String? {
        let greeting = "AUTH \(password)\r\n"
        let text = greeting + commands.map { $0 + "\r\n" }.joined()
        return await Loopback.ask(port: port, Array(text.utf8), answerBytes: 5 + 5 * commands.count)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
