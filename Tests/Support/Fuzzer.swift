internal import Foundation

/// Tries a reader of outside bytes with good input, changed at random.
///
/// The same inputs every time: seconds of them, more with `LONG_TESTS`, and with `FUZZ_MINUTES=60`
/// others for so long. Each input is in a file before it is tried, so that the one that ended the
/// process is found there, and tried first by the next run. `FUZZ_SEED` repeats a seed.
package struct Fuzzer: Sendable {
    private let name: String
    private let corpus: [[UInt8]]
    private let words: [String]

    /// - Parameters:
    ///   - corpus: good input, at least one.
    ///   - words: what means something in the format.
    package init(_ name: String, corpus: [[UInt8]], words: [String] = []) {
        precondition(!corpus.isEmpty, "nothing to change")
        self.name = name
        self.corpus = corpus
        self.words = words
    }

    /// Longest input made.
    private static let bytesMax = 300_000

    /// Tries the corpus as it is, and then so many changed inputs.
    ///
    /// - Parameter judge: throws when the reader broke a promise.
    /// - Throws: `FuzzFailure` with the seed and the input.
    package func run(
        rounds: Int,
        _ judge: ([UInt8]) async throws -> Void
    ) async throws {
        let plan = FuzzPlan(name, rounds: rounds)
        let journal = try FuzzJournal(name)
        try await attempt(journal.leftOver, plan, journal, judge)
        for input in corpus { try await attempt(input, plan, journal, judge) }
        var mutator = Mutator(seed: plan.seed, words: words)
        let memory = Memory.resident()
        var round = 0
        while plan.goesOn(after: round) {
            round += 1
            let original = corpus[mutator.next(below: corpus.count)]
            var input = mutator.changed(original)
            if mutator.next(below: 8) == 0 {
                input = mutator.crossed(input, corpus[mutator.next(below: corpus.count)])
            }
            try await attempt(Array(input.prefix(Self.bytesMax)), plan, journal, judge)
        }
        journal.close()
        guard plan.isTimed else { return }
        let growth = Memory.resident() - memory
        guard growth < Memory.growthMax else {
            throw FuzzFailure(name, plan.seed, [], "\(growth) bytes of memory more than before")
        }
    }

    private func attempt(
        _ input: [UInt8]?,
        _ plan: FuzzPlan,
        _ journal: FuzzJournal,
        _ judge: ([UInt8]) async throws -> Void
    ) async throws {
        guard let input else { return }
        try journal.note(input)
        do {
            try await judge(input)
        } catch {
            throw FuzzFailure(name, plan.seed, input, "\(error)")
        }
    }
}

/// How long to go on, and from which seed.
private struct FuzzPlan {
    let seed: UInt64
    let isTimed: Bool
    private let rounds: Int
    private let end: ContinuousClock.Instant?

    /// With `LONG_TESTS`.
    private static let longer = 50

    init(_ name: String, rounds: Int) {
        let environment = ProcessInfo.processInfo.environment
        let minutes = environment["FUZZ_MINUTES"].flatMap(Double.init)
        let usual = name.utf8.reduce(UInt64(17)) { $0 &* 31 &+ UInt64($1) }
        seed =
            environment["FUZZ_SEED"].flatMap { UInt64($0) }
            ?? (minutes == nil ? usual : .random(in: 1 ... .max))
        isTimed = minutes != nil
        end = minutes.map { .now + .seconds($0 * 60) }
        self.rounds = environment["LONG_TESTS"] == nil ? rounds : rounds * Self.longer
        FileHandle.standardError.write(Data("fuzz \(name): seed \(seed)\n".utf8))
    }

    func goesOn(after round: Int) -> Bool {
        end.map { .now < $0 } ?? (round < rounds)
    }
}

/// Holds the input that is being tried, for whoever comes after a crash.
private final class FuzzJournal {
    /// What was being tried when the last run ended without a word.
    let leftOver: [UInt8]?
    private let path: String
    private let file: FileHandle

    init(_ name: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "publisher-fuzz")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let place = folder.appending(path: name.replacing(" ", with: "-"))
        path = place.path
        // No file: the last run ended well.
        leftOver = (try? Data(contentsOf: place)).map(Array.init)
        guard FileManager.default.createFile(atPath: path, contents: leftOver.map { Data($0) })
        else { throw CocoaError(.fileWriteUnknown) }
        file = try FileHandle(forWritingTo: place)
        guard let leftOver else { return }
        let text = Data(leftOver).base64EncodedString()
        FileHandle.standardError.write(
            Data("fuzz \(name): the last run ended at this input: \(text)\n".utf8)
        )
    }

    func note(_ input: [UInt8]) throws {
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: input)
    }

    /// Everything went well: nothing is left to be found.
    func close() {
        // What stays behind is tried once more by the next run, and harms nobody.
        try? file.close()
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// A reader broke a promise; names all that it takes to see it again.
package struct FuzzFailure: Error, CustomStringConvertible {
    package let description: String

    fileprivate init(_ name: String, _ seed: UInt64, _ input: [UInt8], _ reason: String) {
        description =
            "\(name), seed \(seed): \(reason); input in base64: "
            + Data(input).base64EncodedString()
    }
}

/// What a reader did that it promised not to do.
package struct BrokenPromise: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// Throws unless the promise was kept.
    package static func unless(_ kept: Bool, _ promise: String) throws {
        guard kept else { throw BrokenPromise(promise) }
    }
}

private enum Memory {
    /// More than noise, less than a leak of hours.
    static let growthMax = 128 << 20

    /// Bytes of this process that are in memory; 0 where the system does not say.
    static func resident() -> Int {
        // Linux counts in kilobytes: "VmRSS:     1234 kB".
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return
            (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
            ?? 0) * 1024
    }
}
