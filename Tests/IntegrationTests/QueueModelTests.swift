import Foundation
import Testing

/// The scripts under workers that crash, stall, lose answers and act late, checked at every step.
///
/// `MODEL_SEEDS` says how many seeds, `MODEL_FIRST_SEED` where they begin, and `MODEL_STEPS` how
/// long each runs; `LONG_TESTS=1` runs a few hundred.
struct QueueModelTests {
    private static func setting(_ name: String, usually: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? usually
    }

    private static let isLong = ProcessInfo.processInfo.environment["LONG_TESTS"] == "1"

    @Test func `the queue keeps its promises, whatever its workers and people do`() async throws {
        let first = Self.setting("MODEL_FIRST_SEED", usually: 1)
        let count = Self.setting("MODEL_SEEDS", usually: Self.isLong ? 300 : 16)
        let steps = Self.setting("MODEL_STEPS", usually: Self.isLong ? 1500 : 500)

        let findings = try await QueueModelRunner.shared().run(
            seeds: first..<(first + count),
            steps: steps
        )

        for finding in findings where finding.violation != nil {
            Issue.record(Comment(rawValue: finding.report))
        }
        let tally = findings.reduce(into: [:]) { $0.merge($1.tally, uniquingKeysWith: +) }
        #expect(tally["seeds"] == count, Comment(rawValue: Self.text(of: tally)))
        if ProcessInfo.processInfo.environment["MODEL_TALLY"] == "1" {
            Issue.record(Comment(rawValue: Self.text(of: tally)), severity: .warning)
        }
    }

    private static func text(of tally: [String: Int]) -> String {
        tally.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
    }
}
