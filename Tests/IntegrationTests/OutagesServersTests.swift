import Foundation
import Publishing
import Sandbox
import Support
import Testing

/// Redis and PostgreSQL go away in mid-run and come back: the same worker ends every job, once.
@Suite(.timeLimit(.minutes(10)))
struct OutagesServersTests {
    static let chunk = 5_242_880
    static let isLong = ProcessInfo.processInfo.environment["LONG_TESTS"] != nil

    @Test func `all jobs end published once by the same worker while Redis comes and goes`() async {
        await allAtOnce(Blow.ofRedis) { blow in try await Self.strike(blow) }
    }

    @Test func `all jobs end published once by the same worker while PostgreSQL does`() async {
        await allAtOnce(Blow.ofPostgres) { blow in try await Self.strike(blow) }
    }

    private static func strike(_ blow: Blow) async throws {
        try await TestBed.run(
            ["CHUNK_BYTES": "\(chunk)"].merging(blow.settings) { $1 },
            hasOwnServers: true
        ) { bed in
            try await blow.prepare(bed)
            let scene = try await OutageScene(bed)
            try await blow.strike(bed)
            // Somebody must ask for PostgreSQL before the worker can find out.
            if blow.server == "postgres" { try await scene.pushOneMore() }
            try await scene.worker.awaitAway(blow.server)
            if blow.server == "postgres" {
                try await scene.expectNoClaims(during: isLong ? .seconds(20) : .seconds(1.5))
            } else if isLong {
                // Longer than the lease; nothing below depends on it.
                try await Task.sleep(for: .seconds(20))
            }
            try await blow.mend(bed)
            if blow.server == "redis" {
                try await scene.pushLate()
                try await scene.pushOneMore()
            }

            try await scene.expectAllUnharmed(andOneMore: true)
            try await scene.worker.expectOneOutage(of: blow.server)
            try await bed.expectDrains(scene.worker)
        }
    }
}
