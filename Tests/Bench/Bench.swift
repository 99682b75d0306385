import Foundation

/// What this program costs, measured on the machine it runs on.
///
///     swift build -c release
///     swift run -c release Bench upload   one file to the sandbox's byte sink, against `curl -T`
///     swift run -c release Bench memory   a worker with 8 uploads at once: its peak memory
///
/// Both take `--bytes N` (1000000000 unless given), so that a small run takes seconds; `upload`
/// takes `--rounds N` (7), `memory` takes `--jobs N` (8). The files are sparse: no disk is in the
/// way. The programs measured are those beside this one, so all of them must be built alike.
/// Exit code 0: the target was met; 1: it was missed, or something failed; 2: bad usage.
@main
struct Bench {
    static func main() async {
        do {
            let options = try Options(CommandLine.arguments.dropFirst())
            let isMet: Bool
            switch options.name {
            case "upload": isMet = try await UploadBench(options).run()
            case "memory": isMet = try await MemoryBench(options).run()
            default: throw Options.Problem("Bench knows upload and memory")
            }
            exit(isMet ? 0 : 1)
        } catch let problem as Options.Problem {
            print(
                "Bench: \(problem); usage: Bench upload|memory [--bytes N] [--rounds N] [--jobs N]"
            )
            exit(2)
        } catch {
            print("Bench: \(error)")
            exit(1)
        }
    }
}

/// The command line.
struct Options {
    let name: String
    /// Of each file.
    private(set) var bytes: Int64 = 1_000_000_000
    /// How often each way is measured.
    private(set) var rounds = 7
    /// Uploads at once, each of an account of its own.
    private(set) var jobs = 8

    struct Problem: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    init(_ line: ArraySlice<String>) throws(Problem) {
        var rest = line
        name = rest.popFirst() ?? ""
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
