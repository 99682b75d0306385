import Testing
import TikTok

struct ChunkPlanTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let size: Int64
        let preferred: Int64
        let chunkSize: Int64
        let count: Int64
        let lastRange: String

        init(
            _ size: Int64,
            _ preferred: Int64,
            _ chunkSize: Int64,
            _ count: Int64,
            _ lastRange: String
        ) {
            self.size = size
            self.preferred = preferred
            self.chunkSize = chunkSize
            self.count = count
            self.lastRange = lastRange
        }

        var testDescription: String { "\(size) bytes in chunks of \(preferred)" }
    }

    static let vectors: [Vector] = [
        Vector(4_194_304, 10_000_000, 4_194_304, 1, "0-4194303"),
        Vector(19_999_999, 10_000_000, 19_999_999, 1, "0-19999998"),
        Vector(20_000_000, 10_000_000, 10_000_000, 2, "10000000-19999999"),
        Vector(50_000_123, 10_000_000, 10_000_000, 5, "40000000-50000122"),
        Vector(52_428_800, 5_242_880, 5_242_880, 10, "47185920-52428799"),
        Vector(52_428_800, 10_000_000, 10_000_000, 5, "40000000-52428799"),
        Vector(66_259_900, 10_000_000, 10_000_000, 6, "50000000-66259899"),
        Vector(158_008_374, 5_242_880, 5_242_880, 30, "152043520-158008373"),
        Vector(4_294_967_296, 5_242_880, 5_242_880, 819, "4288675840-4294967295"),
        Vector(1, 10_000_000, 1, 1, "0-0"),
        Vector(4_999_999, 10_000_000, 4_999_999, 1, "0-4999998"),
        Vector(64_000_000, 10_000_000, 10_000_000, 6, "50000000-63999999"),
        Vector(64_000_001, 10_000_000, 10_000_000, 6, "50000000-64000000"),
        Vector(67_108_865, 10_000_000, 10_000_000, 6, "50000000-67108864"),
        Vector(158_008_374, 10_000_000, 10_000_000, 15, "140000000-158008373"),
        Vector(4_294_967_296, 10_000_000, 10_000_000, 429, "4280000000-4294967295"),
    ]

    @Test(arguments: vectors)
    func `the plan is the published one`(vector: Vector) throws {
        let plan = try ChunkPlan(size: vector.size, preferred: vector.preferred)

        #expect(plan.chunkSize == vector.chunkSize)
        #expect(plan.count == vector.count)
        #expect(
            plan.chunk(plan.count - 1).contentRange == "bytes \(vector.lastRange)/\(vector.size)"
        )
    }

    @Test func `every plan obeys every rule of TikTok's`() throws {
        var random = Wheel(state: 42)
        for round in 0..<10_000 {
            let preferred = Int64.random(in: 5_242_880...32_000_000, using: &random)
            // Sizes around a multiple of the chunk are where plans go wrong.
            let multiple = preferred * Int64.random(in: 1...100, using: &random)
            let size =
                round.isMultiple(of: 2)
                ? Int64.random(in: 1...4_294_967_296, using: &random)
                : multiple + Int64.random(in: -2...2, using: &random)

            let plan = try ChunkPlan(size: size, preferred: preferred)

            #expect(try brokenRule(of: plan) == nil, "\(size) bytes, chunks of \(preferred)")
        }
    }

    private func brokenRule(of plan: ChunkPlan) throws -> String? {
        let last = plan.chunk(plan.count - 1)
        let stored = try ChunkPlan(size: plan.size, chunkSize: plan.chunkSize, count: plan.count)
        let rules: [(String, Bool)] = [
            ("floor", plan.count == plan.size / plan.chunkSize),
            ("count", (1...1000).contains(plan.count)),
            ("one chunk is the file", plan.count > 1 || plan.chunkSize == plan.size),
            ("over 64 MB is several", plan.count > 1 || plan.size <= 64_000_000),
            ("smallest", plan.count == 1 || plan.chunkSize >= 5_242_880),
            ("largest", plan.chunkSize <= 64_000_000),
            ("last", last.length >= plan.chunkSize && last.length < 2 * plan.chunkSize),
            ("largest last", last.length <= 128_000_000),
            ("whole", last.last == plan.size - 1),
            ("taken up again", stored == plan),
        ]
        return rules.first { !$0.1 }?.0 ?? gap(in: plan)
    }

    private func gap(in plan: ChunkPlan) -> String? {
        var next: Int64 = 0
        for index in plan.indices {
            let chunk = plan.chunk(index)
            if chunk.first != next { return "gap before chunk \(index)" }
            if !plan.isLast(index), chunk.length != plan.chunkSize { return "length of \(index)" }
            if plan.chunksStored(reported: chunk.first) != index { return "progress \(index)" }
            if index > 0, plan.chunksStored(reported: chunk.first - 1) != index {
                return "progress before \(index)"
            }
            next = chunk.last + 1
        }
        return next == plan.size ? nil : "end"
    }

    @Test func `sizes and chunk sizes out of bounds are refused`() {
        #expect(throws: ChunkPlanError.empty) { try ChunkPlan(size: 0) }
        #expect(throws: ChunkPlanError.empty) { try ChunkPlan(size: -1) }
        #expect(throws: ChunkPlanError.tooLarge(4_294_967_297)) {
            try ChunkPlan(size: 4_294_967_297)
        }
        #expect(throws: ChunkPlanError.badChunkSize(5_242_879)) {
            try ChunkPlan(size: 1, preferred: 5_242_879)
        }
        #expect(throws: ChunkPlanError.badChunkSize(32_000_001)) {
            try ChunkPlan(size: 1, preferred: 32_000_001)
        }
    }

    @Test(arguments: [
        (50_000_123, 10_000_000, 6), (121_000_000, 64_000_000, 1), (100, 50, 2), (0, 1, 0),
        (158_008_374, 158_008_374, 1), (10, 0, 1), (10, -1, 1), (10, 10, 2),
    ])
    func `a stored plan that breaks the rules is refused`(
        size: Int64,
        chunkSize: Int64,
        count: Int64
    ) {
        #expect(throws: ChunkPlanError.inconsistent) {
            try ChunkPlan(size: size, chunkSize: chunkSize, count: count)
        }
    }

    @Test func `only boundaries are understood as progress`() throws {
        let plan = try ChunkPlan(size: 50_000_123)

        #expect(plan.chunksStored(reported: 0) == 0)
        #expect(plan.chunksStored(reported: 1) == nil)
        #expect(plan.chunksStored(reported: 9_999_998) == nil)
        #expect(plan.chunksStored(reported: 9_999_999) == 1)
        #expect(plan.chunksStored(reported: 10_000_000) == 1)
        #expect(plan.chunksStored(reported: 10_000_001) == nil)
        #expect(plan.chunksStored(reported: 50_000_000) == nil, "inside the last chunk")
        #expect(plan.chunksStored(reported: 50_000_122) == 5)
        #expect(plan.chunksStored(reported: 50_000_123) == 5)
        #expect(plan.chunksStored(reported: 50_000_124) == nil)
        #expect(plan.chunksStored(reported: -1) == nil)
    }
}

/// The same numbers on every run (SplitMix64).
struct Wheel: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
