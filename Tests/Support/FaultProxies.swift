internal import PrivateServers
package import Sandbox

/// Redis and PostgreSQL as a worker sees them over a network that fails.
package struct FaultProxies: Sendable {
    package let redis: FaultProxy
    package let postgres: FaultProxy
    /// Settings that send a worker through both.
    package let environment: [String: String]

    init(before servers: TestServers, latency: Duration) throws {
        redis = try FaultProxy(to: servers.redis.port, speaking: .redis, latency: latency)
        postgres = try FaultProxy(to: servers.postgres.port, speaking: .postgres, latency: latency)
        environment = [
            "REDIS_URL": servers.redis.url
                .replacing(":\(servers.redis.port)/", with: ":\(redis.port)/"),
            "DATABASE_URL": servers.postgres.url
                .replacing(":\(servers.postgres.port)/", with: ":\(postgres.port)/"),
        ]
    }

    func stop() {
        redis.stop()
        postgres.stop()
    }
}

extension TestBed {
    /// Runs a test on a bed of its own with a network that fails; only workers that are given the
    /// proxies' environment are behind it.
    package static func runBehindProxies(
        _ settings: [String: String] = [:],
        latency: Duration = .zero,
        options: (inout SandboxOptions) -> Void = { _ in },
        _ body: (TestBed, FaultProxies) async throws -> Void
    ) async throws {
        try await run(settings, options: options) { bed in
            let proxies = try FaultProxies(before: bed.servers, latency: latency)
            defer { proxies.stop() }
            try await body(bed, proxies)
        }
    }
}
