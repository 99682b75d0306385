import Foundation
import Redis
import Testing

@testable import Publishing

/// The model itself under test: with any guard taken out of the scripts it must find fault.
struct QueueModelMutationTests {
    private static let isLong = ProcessInfo.processInfo.environment["LONG_TESTS"] != nil
    /// A seed that found it once may not after the scripts or the model have changed; the next do.
    private static let seedsMax = 60
    /// Every third of them where time is short, each of the groups among them.
    private static let chosen = QueueModelMutation.all.enumerated()
        .filter { isLong || $0.offset.isMultiple(of: 3) }.map(\.element)
    private static let steps = 500

    @Test(.serialized, arguments: chosen)
    func `the model finds out when`(_ mutation: QueueModelMutation) async throws {
        let scripts = Scripts(QueueModelRules.keys)
        let script = try #require(scripts.all.first { $0.name == mutation.script })
        #expect(mutation.edit(script.name, script.source) != script.source, "nothing was changed")

        let seeds = mutation.seed..<(mutation.seed + Self.seedsMax)
        let findings = try await QueueModelRunner.shared().run(
            Array(seeds),
            steps: Self.steps,
            lane: 2,
            editedBy: mutation.edit
        )

        let finding = findings.last { $0.violation != nil }
        #expect(finding != nil, "no seed of \(seeds) finds it")
        let isBroken = finding?.violation?.contains("user_script") ?? false
        #expect(!isBroken, "the script does not even run")
        if ProcessInfo.processInfo.environment["MODEL_TALLY"] == "1" {
            let words = "found by seed \(finding?.seed ?? 0): \(finding?.violation ?? "")"
            Issue.record(Comment(rawValue: words), severity: .warning)
        }
    }

    @Test func `each mutation has a name of its own and changes something`() {
        let names = QueueModelMutation.all.map(\.name)

        #expect(Set(names).count == names.count)
        let sources = Scripts(QueueModelRules.keys).all
        for mutation in QueueModelMutation.all {
            let script = sources.first { $0.name == mutation.script }?.source ?? ""
            #expect(script.contains(mutation.text), "\(mutation.name)")
            #expect(mutation.text != mutation.instead, "\(mutation.name)")
        }
    }
}
