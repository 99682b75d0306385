import Foundation
import Publishing
import Sandbox
import Support
import Testing

/// Every call of every journey spoilt in every way: each job is posted exactly once all the same.
@Suite(.timeLimit(.minutes(10)))
struct JourneyTikTokTests {
    /// How TikTok's count of the bytes may be meant; which, nobody has written.
    enum Count: Sendable, CaseIterable, CustomTestStringConvertible {
        case bytes
        case lastByte

        var testDescription: String { "\(self)" }
    }

    @Test func `a spoilt call loses no post and doubles none`() async {
        await allAtOnce(Count.allCases) { count in
            switch count {
            case .bytes:
                let ways = JourneyWay.ofCalls + JourneyWay.ofAnswers + JourneyWay.ofChunks
                try await Self.travel(JourneyKind.all, ways)
            case .lastByte:
                // Nothing at all cannot be said in this way, so no chunk is taken back.
                let ways = JourneyWay.ofChunks.filter { $0.name != "206-behind" }
                try await Self.travel([.five], ways) { options in
                    options.progressNamesLastByte = true
                    options.acceptsReplayedChunks = true
                }
            }
        }
    }

    @Test(
        .enabled("LONG_TESTS is not set") {
            ProcessInfo.processInfo.environment["LONG_TESTS"] != nil
        }
    )
    func `a call that hangs loses no post and doubles none`() async throws {
        try await Self.travel(JourneyKind.all, JourneyWay.ofTime)
    }

    /// One undisturbed journey of each kind, to know its calls; then one for each mishap, all at
    /// once, each of an account of its own.
    private static func travel(
        _ kinds: [JourneyKind],
        _ ways: [JourneyWay],
        options: (inout SandboxOptions) -> Void = { _ in }
    ) async throws {
        try await TestBed.run(JourneyKind.settings, options: options) { bed in
            let worker = try bed.startWorker()
            var mishaps: [JourneyMishap] = []
            var videos: [String: TestVideo] = [:]
            for kind in kinds {
                let video = try kind.video(in: bed)
                videos[kind.name] = video
                try await bed.connect(kind.name)
                try await kind.push(kind.name, in: bed)
                let row = try await bed.end(of: kind.name, worker: worker)
                try await kind.expectOut(row, video, in: bed)
                let calls = bed.calls(of: kind.name)
                mishaps += JourneyMishap.all(of: kind, calls: calls, ways: ways)
            }

            try await bed.begin(mishaps)
            let ends = try await bed.ends(of: mishaps, worker: worker)

            for (mishap, row) in ends {
                let video = try #require(videos[mishap.kind.name])
                try await mishap.kind.expectOut(row, video, in: bed)
            }
            // Nothing went well for want of trying.
            let spoilt = Set(bed.sandbox.journal().filter { $0.fault != nil }.compactMap(\.openID))
            #expect(spoilt == Set(mishaps.map { "-000-\($0.name)" }))
            try await bed.expectNothingLeft(worker: worker)
            try await bed.expectDrains(worker)
        }
    }
}

extension TestBed {
    fileprivate func begin(_ mishaps: [JourneyMishap]) async throws {
        for mishap in mishaps {
            try await connect(mishap.name)
            sandbox.fault(nil, mishap.action, openID: "-000-\(mishap.name)", skip: mishap.skip)
        }
        for mishap in mishaps { try await mishap.kind.push(mishap.name, in: self) }
    }

    /// Waits for the end of each; nobody waits for a minute to pass.
    fileprivate func ends(
        of mishaps: [JourneyMishap],
        worker: RunningProgram
    ) async throws -> [(JourneyMishap, HistoryRow)] {
        var ends: [(JourneyMishap, HistoryRow)] = []
        for mishap in mishaps {
            let name = mishap.name
            var row = try await row(name, "ends or waits", limit: .seconds(240), worker: worker) {
                $0.status.isFinal || $0.waitingFor == "rate_limit"
            }
            if row.waitingFor == "rate_limit" {
                try await letTheDayPass(for: name)
                row = try await end(of: name, worker: worker)
            }
            ends.append((mishap, row))
        }
        return ends
    }
}
