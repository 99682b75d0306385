package import PrivateServers

/// A Redis and a PostgreSQL for tests, in a temporary folder that goes away with this process.
package struct TestServers: Sendable {
    package let folder: TemporaryFolder
    package let redis: RedisServer
    package let postgres: PostgresServer

    /// Starts a pair of one's own, for tests that hurt them.
    package static func start() async throws -> TestServers {
        let folder = try TemporaryFolder()
        async let redis = RedisServer.start(in: folder)
        async let postgres = PostgresServer.start(in: folder, settings: ["max_connections": "200"])
        return try await TestServers(folder: folder, redis: redis, postgres: postgres)
    }

    /// The pair that every test shares which hurts neither: starting one costs seconds.
    package static func shared() async throws -> TestServers {
        try await sharing.value
    }

    private static let sharing = Task { try await start() }
}

/// Lets a few through at a time, in the order in which they came.
///
/// Each test bed runs processes of its own; all at once they would only slow each other down.
package actor Turnstile {
    /// Of every test bed of this process.
    package static let beds = Turnstile(places: 10)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package init(places: Int) {
        free = places
    }

    package func enter() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    package func leave() {
        guard waiting.isEmpty else {
            waiting.removeFirst().resume()
            return
        }
        free += 1
    }
}
