import Foundation
import PrivateServers
import Publishing
import Sandbox
import Support
import Testing

/// Redis and PostgreSQL go away in mid-run and come back: the same worker ends every job, once.
@Suite(.timeLimit(.minutes(10)))
struct OutagesServersTests {
    static let chunk = 5_242_880
    static let isLong = ProcessInfo.processInfo.environment["LONG_TESTS"] != nil

    /// What befalls a server.
    struct Blow: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// As the worker's log names it.
        let server: String
        let strike: @Sendable (TestServers) async -> Void
        let mend: @Sendable (TestServers) async throws -> Void
    }

    static let blows = [
        Blow(testDescription: "Redis is stopped", server: "redis") {
            await $0.redis.stop()
        } mend: {
            try await $0.redis.restart()
        },
        Blow(testDescription: "Redis is killed", server: "redis") {
            await $0.redis.kill()
        } mend: {
            try await $0.redis.restart()
        },
        Blow(testDescription: "Redis is frozen", server: "redis") {
            await $0.redis.pause()
        } mend: {
            await $0.redis.resume()
        },
        Blow(testDescription: "PostgreSQL is stopped", server: "postgres") {
            await $0.postgres.stop()
        } mend: {
            try await $0.postgres.restart()
        },
        Blow(testDescription: "PostgreSQL is killed", server: "postgres") {
            await $0.postgres.kill()
        } mend: {
            try await $0.postgres.restart()
        },
        Blow(testDescription: "PostgreSQL is frozen", server: "postgres") {
            await $0.postgres.pause()
        } mend: {
            await $0.postgres.resume()
        },
    ]

    @Test func `all jobs end published once by the same worker`() async {
        await allAtOnce(Self.blows) { blow in try await Self.strike(blow) }
    }

    private static func strike(_ blow: Blow) async throws {
        try await TestBed.run(["CHUNK_BYTES": "\(chunk)"], hasOwnServers: true) { bed in
            let video = try bed.video("three.mp4", bytes: 3 * chunk)
            let accounts = (0..<6).map { "account-\($0)" }
            for account in accounts { try await bed.connect(account) }
            // The first answers drip, so that the jobs are under way when the blow falls.
            bed.sandbox.fault(.videoInit, .slow(bytesPerSecond: 100), count: 4)
            let worker = try bed.startWorker()
            for number in 0..<4 {
                try await bed.push(
                    bed.job("early-\(number)", account: accounts[number], video: video.name)
                )
            }
            try await bed.hits(of: .videoInit, 4, worker: worker)

            await blow.strike(bed.servers)
            if blow.server == "postgres" { try await bed.pushLate(accounts, video) }
            try await waitUntil("the outage in the log", state: { worker.err }) {
                worker.err.contains("server.away server=\(blow.server)")
            }
            // A matter of length only: nothing below depends on it.
            if isLong { try await Task.sleep(for: .seconds(20)) }
            try await blow.mend(bed.servers)
            if blow.server == "redis" { try await bed.pushLate(accounts, video) }

            let jobs = (0..<4).map { "early-\($0)" } + (4..<6).map { "late-\($0)" }
            let rows = try await bed.ends(of: jobs, worker: worker)
            for row in rows { bed.expectPosted(row, video) }
            #expect(worker.err.contains("server.back server=\(blow.server)"))
            try await bed.expectDrains(worker)
        }
    }
}

extension TestBed {
    /// Jobs that come when the server is away, or just back.
    fileprivate func pushLate(_ accounts: [String], _ video: TestVideo) async throws {
        for number in 4..<6 {
            try await push(job("late-\(number)", account: accounts[number], video: video.name))
        }
    }
}
