import Foundation
import JSON
import Publishing
import Support
import Synchronization
import Testing

/// Every request of a journey to Redis and to PostgreSQL is cut off, before it arrives or after it
/// took effect: each job comes to its one end, and its row is written once.
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

    /// A journey: sets its scene before the worker starts, so that its requests come in the same
    /// order each time, and knows its end.
    struct Journey: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let begin: @Sendable (TestBed) async throws -> Void
        let expectEnd: @Sendable (TestBed, RunningProgram) async throws -> Void
    }

    /// One journey with one request that fails.
    struct Cut: Sendable, CustomTestStringConvertible {
        let journey: Journey
        let server: Server
        let action: ProxyFault.Action
        let number: Int
        /// Whether every run makes so many.
        let isCertain: Bool

        var testDescription: String {
            "\(journey.testDescription): \(server) \(action) request \(number)"
        }
    }

    @Test func `a request that is cut off loses no post and doubles none`() async throws {
        let journeys = (Self.isLong ? JourneyKind.all : [.small]).map(Journey.init)
        await Self.cutEach(of: journeys, every: Self.isLong ? 1 : 5)
    }

    @Test func `a request that is cut off gives no job another end`() async throws {
        await Self.cutEach(of: JourneyEnd.all.map(Journey.init), every: Self.isLong ? 1 : 32)
    }

    /// One undisturbed run of each journey, to know its requests; then each `step`-th of all the
    /// cuts there can be.
    private static func cutEach(of journeys: [Journey], every step: Int) async {
        let cuts = Mutex<[Cut]>([])
        await allAtOnce(journeys) { journey in
            try await travel(journey) { _ in
            } after: { proxies, _, _ in
                let all = Server.allCases.flatMap { server in
                    let count = server.proxy(of: proxies).requestCount
                    return (1...count).flatMap { number in
                        [ProxyFault.Action.cutBefore, .cutAfter].map { action in
                            Cut(
                                journey: journey,
                                server: server,
                                action: action,
                                number: number,
                                isCertain: number <= count * 2 / 3
                            )
                        }
                    }
                }
                cuts.withLock { $0 += all }
            }
        }
        // Neighbours are the two ways to cut one request: they take turns.
        let chosen = cuts.withLock(\.self).enumerated()
            .filter { ($0.offset + $0.offset / step) % step == 0 }
            .map(\.element)
        await allAtOnce(chosen) { cut in try await travel(cut) }
    }

    private static func travel(_ cut: Cut) async throws {
        try await travel(cut.journey) { proxies in
            cut.server.proxy(of: proxies).plan(cut.action) { $0.number == cut.number }
        } after: { _, fault, worker in
            // A job may end before so many requests; an idle worker makes some, too. The last third
            // does not come in every run: a worker also looks after accounts at its start.
            if cut.isCertain { try await fault.happens { worker.err } }
        }
    }

    private static func travel<Plan>(
        _ journey: Journey,
        before: (FaultProxies) -> Plan,
        after: (FaultProxies, Plan, RunningProgram) async throws -> Void
    ) async throws {
        try await TestBed.runBehindProxies(settings) { bed, proxies in
            let plan = before(proxies)
            try await journey.begin(bed)
            let worker = try bed.startWorker(environment: proxies.environment)
            try await journey.expectEnd(bed, worker)
            try await after(proxies, plan, worker)
            try await bed.expectDrains(worker)
        }
    }
}

extension JourneyServersTests.Journey {
    init(_ kind: JourneyKind) {
        testDescription = kind.name
        begin = { bed in
            _ = try kind.video(in: bed)
            try await bed.connect(kind.name)
            try await kind.push(kind.name, in: bed)
        }
        expectEnd = { bed, worker in
            let row = try await bed.end(of: kind.name, worker: worker)
            try await kind.expectOut(row, kind.video(in: bed), in: bed)
            #expect(row.attempt == 1, "\(row.json.encodedText)")
            try await bed.expectNothingLeft(worker: worker)
            #expect(try await bed.row(kind.name)?.updatedAt == row.updatedAt)
        }
    }

    init(_ end: JourneyEnd) {
        testDescription = end.testDescription
        begin = { bed in try await end.begin(in: bed) }
        expectEnd = { bed, worker in try await end.expectReached(in: bed, worker: worker) }
    }
}
