import Foundation
import JSON
import Publishing
import Support
import Testing

/// Every request of a journey to Redis and to PostgreSQL is cut off, before it arrives or after it
/// took effect: each job is posted exactly once, and its row is written once.
@Suite(.timeLimit(.minutes(30)))
struct JourneyServersTests {
    static let isLong = ProcessInfo.processInfo.environment["LONG_TESTS"] != nil
    static let settings = JourneyKind.settings.merging(["LEASE_SECONDS": "3"]) { $1 }

    enum Server: String, Sendable, CaseIterable {
        case redis, postgres

        func proxy(of proxies: FaultProxies) -> FaultProxy {
            self == .redis ? proxies.redis : proxies.postgres
        }
    }

    /// One journey with one request that fails.
    struct Cut: Sendable, CustomTestStringConvertible {
        let kind: JourneyKind
        let server: Server
        let action: ProxyFault.Action
        let number: Int

        var testDescription: String { "\(kind.name): \(server) \(action) request \(number)" }
    }

    @Test(arguments: Server.allCases)
    func `a request that is cut off loses no post and doubles none`(to server: Server) async throws
    {
        var cuts: [Cut] = []
        for kind in Self.isLong ? JourneyKind.all : [.small] {
            for number in 1...(try await Self.requests(of: kind, to: server)) {
                let actions: [ProxyFault.Action] = [.cutBefore, .cutAfter]
                cuts += actions.enumerated()
                    .filter { Self.isLong || $0.offset == number % 2 }
                    .map { Cut(kind: kind, server: server, action: $0.element, number: number) }
            }
        }

        await allAtOnce(cuts) { cut in try await Self.travel(cut) }
    }

    /// How many requests an undisturbed journey takes, from the worker's start to its end.
    private static func requests(of kind: JourneyKind, to server: Server) async throws -> Int {
        var count = 0
        try await TestBed.runBehindProxies(settings) { bed, proxies in
            try await journey(kind, in: bed, proxies) { worker in
                try await bed.expectNothingLeft(worker: worker)
                count = server.proxy(of: proxies).requestCount
            }
        }
        return count
    }

    private static func travel(_ cut: Cut) async throws {
        try await TestBed.runBehindProxies(settings) { bed, proxies in
            let fault = cut.server.proxy(of: proxies).plan(cut.action) { $0.number == cut.number }
            try await journey(cut.kind, in: bed, proxies) { worker in
                // A job may end before so many requests; an idle worker makes some, too.
                try await fault.happens { worker.err }
                try await bed.expectNothingLeft(worker: worker)
            }
        }
    }

    private static func journey(
        _ kind: JourneyKind,
        in bed: TestBed,
        _ proxies: FaultProxies,
        _ body: (RunningProgram) async throws -> Void
    ) async throws {
        let video = try kind.video(in: bed)
        try await bed.connect(kind.name)
        // Before the worker starts, so that its requests come in the same order each time.
        try await kind.push(kind.name, in: bed)
        let worker = try bed.startWorker(environment: proxies.environment)
        let row = try await bed.end(of: kind.name, worker: worker)
        try await kind.expectOut(row, video, in: bed)
        #expect(row.attempt == 1, "\(row.json.encodedText)")
        try await body(worker)
        #expect(try await bed.row(kind.name)?.updatedAt == row.updatedAt)
        try await bed.expectDrains(worker)
    }
}
