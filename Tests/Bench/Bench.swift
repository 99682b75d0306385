import Foundation

/// What this program costs, measured on the machine it runs on.
///
///     swift build -c release
///     swift run -c release Bench upload   one file to the sandbox's byte sink, against `curl -T`
///     swift run -c release Bench memory   a worker with 8 uploads at once: its peak memory
///     swift run -c release Bench remote   a worker with one upload from an address: peak memory
///     swift run -c release Bench crowd    100 accounts behind 10,000 jobs of another one
///     swift run -c release Bench takeover how long jobs of 20 killed workers wait
///     swift run -c release Bench cost     what a job costs Redis, with a million waiting
///     swift run -c release Bench idle     what a worker costs that has nothing to do
///     swift run -c release Bench probe    what it costs to look at a video of 4 GB
///
/// The first four take `--bytes N` (1000000000 unless given; `crowd` 50000000), so that a small
/// run takes seconds; `upload` takes `--rounds N` (7), so does `crowd` (3), `memory` takes `--jobs
/// N` (8). The files are sparse: no disk is in the
/// way. The programs measured are those beside this one, so all of them must be built alike.
/// Exit code 0: the target was met; 1: it was missed, or something failed; 2: bad usage.
@main
struct Bench {
    static func main() async {
        do {
            let options = try Options(CommandLine.arguments.dropFirst())
            let isMet: Bool
            switch options.name {
            case "upload": isMet = try await Programs.run(UploadBench(options: options).measure)
            case "memory":
                isMet = try await Programs.run(
                    MemoryBench(options: options, source: .files).measure
                )
            case "remote":
                let bench = MemoryBench(options: options, source: .addresses)
                isMet = try await Programs.run(bench.measure)
            case "crowd": isMet = try await CrowdBench(options: options).run()
            case "takeover": isMet = try await TakeoverBench().run()
            case "cost": isMet = try await CostBench().run()
            case "idle": isMet = try await IdleBench().run()
            case "probe": isMet = try await ProbeBench().run()
            default: throw Options.Problem("Bench knows " + Options.names.joined(separator: ", "))
            }
            exit(isMet ? 0 : 1)
        } catch let problem as Options.Problem {
            print(
                "Bench: \(problem); usage: Bench \(Options.names.joined(separator: "|")) "
                    + "[--bytes N] [--rounds N] [--jobs N]"
            )
            exit(2)
        } catch {
            print("Bench: \(error)")
            exit(1)
        }
    }

    /// Says of a measurement whether it reached its target, and answers that.
    static func judge(_ isMet: Bool, _ target: String) -> Bool {
        print(isMet ? "met:" : "MISSED:", target)
        return isMet
    }
}

/// The command line.
struct Options {
    static let names = [
        "upload", "memory", "remote", "crowd", "takeover", "cost", "idle", "probe",
    ]

    let name: String
    /// Of each file.
    private(set) var bytes: Int64
    /// How often each way is measured.
    private(set) var rounds: Int
    /// Uploads at once, each of an account of its own.
    private(set) var jobs = 8

    struct Problem: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    init(_ line: ArraySlice<String>) throws(Problem) {
        var rest = line
        name = rest.popFirst() ?? ""
        (bytes, rounds) = name == "crowd" ? (50_000_000, 3) : (1_000_000_000, 7)
        while let option = rest.popFirst() {
            guard let number = rest.popFirst().flatMap({ Int64($0) }), number > 0 else {
                throw Problem("\(option) needs a number above 0")
            }
            switch option {
            case "--bytes" where (1024...4_000_000_000).contains(number): bytes = number
            case "--rounds" where number <= 100: rounds = Int(number)
            case "--jobs" where number <= 15: jobs = Int(number)
            default: throw Problem("\(option) \(number) is not possible")
            }
        }
    }
}

/// Something that stands in the way of measuring.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension Duration {
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}

extension Sequence where Element: Comparable {
    /// The upper one of two in the middle.
    var median: Element? {
        let ordered = sorted()
        return ordered.isEmpty ? nil : ordered[ordered.count / 2]
    }
}
