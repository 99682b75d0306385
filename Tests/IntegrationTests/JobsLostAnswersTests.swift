import Foundation
import Publishing
import Sandbox
import Support
import Testing

/// Every call spoilt in every way: each job is posted once all the same.
@Suite(.timeLimit(.minutes(10)))
struct JobsLostAnswersTests {
    static let chunk = 5_242_880

    @Test func `a spoilt call loses no post and doubles none`() async throws {
        let calls: [SandboxEndpoint] = [.creatorInfo, .videoInit, .status]
        try await Self.publish(calls.flatMap(Mishap.ofCall))
    }

    @Test(arguments: [false, true])
    func `a spoilt chunk loses no post and doubles none`(namesLastByte: Bool) async throws {
        try await Self.publish(Mishap.ofChunks) { options in
            options.progressNamesLastByte = namesLastByte
            options.acceptsReplayedChunks = namesLastByte
        }
    }

    @Test(
        .enabled("LONG_TESTS is not set") {
            ProcessInfo.processInfo.environment["LONG_TESTS"] != nil
        }
    )
    func `a call that hangs loses no post and doubles none`() async throws {
        try await Self.publish(Mishap.hanging, limit: .seconds(240))
    }

    /// One job for each mishap, all at once, each of an account of its own.
    private static func publish(
        _ mishaps: [Mishap],
        limit: Duration = .seconds(120),
        options: (inout SandboxOptions) -> Void = { _ in }
    ) async throws {
        try await TestBed.run(["CHUNK_BYTES": "\(chunk)"], options: options) { bed in
            let video = try bed.video("three.mp4", bytes: 3 * chunk)
            for mishap in mishaps {
                try await bed.connect(mishap.name)
                bed.sandbox.fault(
                    mishap.endpoint,
                    mishap.action,
                    openID: "-000-\(mishap.name)",
                    skip: mishap.skip
                )
            }
            let worker = try bed.startWorker()
            for mishap in mishaps {
                try await bed.push(bed.job(mishap.name, account: mishap.name, video: video.name))
            }

            let names = mishaps.map(\.name)
            let rows = try await bed.ends(of: names, limit: limit, worker: worker)

            for row in rows { bed.expectPosted(row, video) }
            // Nothing went well for want of trying.
            let spoilt = Set(bed.sandbox.journal().filter { $0.fault != nil }.compactMap(\.openID))
            #expect(spoilt == Set(names.map { "-000-\($0)" }))
            try await bed.expectDrains(worker)
        }
    }
}
