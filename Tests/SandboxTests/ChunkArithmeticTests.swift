import JSON
import Testing

@testable import Sandbox

struct ChunkArithmeticTests {
    struct Plan: Sendable, CustomTestStringConvertible {
        let size: Int64
        let chunk: Int64
        let count: Int64
        /// Empty: accepted.
        let message: String

        init(_ size: Int64, _ chunk: Int64, _ count: Int64, _ message: String = "") {
            self.size = size
            self.chunk = chunk
            self.count = count
            self.message = message
        }

        var testDescription: String { "\(size) as \(count) × \(chunk)" }
    }

    static let badChunk = "The chunk size is invalid"
    static let badCount = "The total chunk count is invalid"

    static let plans: [Plan] = [
        Plan(1, 1, 1),
        Plan(4_194_304, 4_194_304, 1),
        Plan(19_999_999, 19_999_999, 1),
        Plan(20_000_000, 10_000_000, 2),
        Plan(50_000_123, 10_000_000, 5),
        Plan(52_428_800, 5_242_880, 10),
        Plan(52_428_800, 10_000_000, 5),
        Plan(66_259_900, 10_000_000, 6),
        Plan(158_008_374, 5_242_880, 30),
        Plan(64_000_000, 64_000_000, 1),
        Plan(4_000_000_000, 5_242_880, 762),
        // The count is the floor, never the ceiling.
        Plan(50_000_123, 10_000_000, 6, badCount),
        Plan(52_428_801, 5_242_880, 11, badCount),
        Plan(52_428_800, 5_242_880, 9, badCount),
        Plan(52_428_800, 5_242_880, 0, badCount),
        Plan(52_428_800, 5_242_880, -10, badCount),
        Plan(52_428_800, 5_242_880, 1001, badCount),
        // One chunk means that the chunk is the file.
        Plan(121_000_000, 64_000_000, 1, badChunk),
        Plan(19_999_999, 10_000_000, 1, badChunk),
        Plan(1000, 10_000_000, 1, badChunk),
        Plan(1000, 999, 1, badChunk),
        // 5 MB to 64 MB, by either reading.
        Plan(52_428_800, 5_242_879, 10, badChunk),
        Plan(52_428_800, 5_000_000, 10, badChunk),
        Plan(158_008_374, 158_008_374, 1, badChunk),
        Plan(64_000_001, 64_000_001, 1, badChunk),
        Plan(200_000_000, 64_000_001, 3, badChunk),
        Plan(1000, 0, 1, badChunk),
        Plan(1000, -1, 1, badChunk),
        Plan(4_000_000_001, 10_000_000, 400, "The video size is invalid"),
        Plan(-5, 1, 1, "The video size is invalid"),
    ]

    @Test(arguments: plans)
    func `a plan is accepted or refused for its own fault`(plan: Plan) {
        for endpoint in [SandboxEndpoint.videoInit, .inboxInit] {
            var world = World()

            let reply = world.post(
                endpoint,
                .video(size: plan.size, chunk: plan.chunk, count: plan.count)
            )

            #expect(reply.message == plan.message)
            #expect(reply.status == (plan.message.isEmpty ? 200 : 400))
            #expect(reply.code == (plan.message.isEmpty ? "ok" : "invalid_params"))
        }
    }

    @Test func `what a careful planner makes of any size is accepted`() {
        var world = World { $0.requestsPerMinute = [:] }
        world.state.change { $0.postsKept = 10_000 }
        var random = SandboxRandom(seed: 1)
        for round in 0..<500 {
            let limit: Int64 = round % 2 == 0 ? 4_000_000_000 : 100_000_000
            let size = Int64.random(in: 1...limit, using: &random)
            let wanted = Int64.random(in: 5_242_880...32_000_000, using: &random)
            let chunk = size / wanted < 2 ? size : wanted
            world.state.reset()
            world.connection = world.state.addAccount(world.account, at: world.now)

            let reply = world.post(.inboxInit, .video(size: size, chunk: chunk))
            #expect(reply.code == "ok", "\(size) in chunks of \(chunk)")
            // One chunk more or fewer is never right.
            let count = size / chunk
            for wrong in [count - 1, count + 1] {
                let refused = world.post(.inboxInit, .video(size: size, chunk: chunk, count: wrong))
                #expect(refused.message == Self.badCount)
            }
        }
    }

    @Test func `the wide reading takes what either reading allows`() {
        var world = World { $0.sizes = .wide }

        for (size, chunk) in [(67_108_864, 67_108_864), (4_294_967_296, 5_000_000)]
            as [(Int64, Int64)]
        {
            #expect(world.post(.inboxInit, .video(size: size, chunk: chunk)).code == "ok")
        }
        #expect(world.post(.inboxInit, .video(size: 67_108_865, chunk: 67_108_865)).status == 400)
    }

    @Test func `the last chunk takes the remainder`() {
        let plan = ChunkPlan(size: 50_000_123, chunk: 10_000_000, count: 5)

        #expect(plan.lastByte(from: 0) == 9_999_999)
        #expect(plan.lastByte(from: 30_000_000) == 39_999_999)
        #expect(plan.lastByte(from: 40_000_000) == 50_000_122)
    }
}
