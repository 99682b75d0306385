internal import Files
internal import Foundation
package import Processes

/// The program under test, as the same build has made it.
package enum Program {
    /// Next to the test bundle, which is this process's own program.
    package static var path: String {
        get throws {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let folder = own.split(separator: "/").dropLast().joined(separator: "/")
            return "/\(folder)/tiktok-publisher"
        }
    }

    /// What a child needs of this process's environment to run at all.
    package static var environment: [String: String] {
        ProcessInfo.processInfo.environment.filter { name, _ in
            ["PATH", "LD_LIBRARY_PATH"].contains(name)
        }
    }
}

/// How a command ended, and what it said.
package struct CommandResult: Sendable, CustomStringConvertible {
    package let exit: ChildExit
    package let out: String
    package let err: String

    package var code: Int32? {
        guard case .exited(let code) = exit else { return nil }
        return code
    }

    package var description: String { "\(exit)\nout:\n\(out)\nerr:\n\(err)" }
}

/// A running `tiktok-publisher`, or another program, with its output in a file.
package final class RunningProgram: Sendable {
    private let child: ChildProcess
    private let outPath: String
    private let errPath: String

    /// Starts the program, or the one at `path`.
    ///
    /// Its working folder lies in the temporary folder, so that nothing is left running; there its
    /// output goes to files that begin with `name`. Its environment is `Program.environment` and
    /// what is given here.
    package init(
        _ arguments: [String],
        of path: String? = nil,
        in folder: String,
        name: String,
        environment: [String: String] = [:],
        input: ChildProcess.Input = .nothing
    ) throws {
        outPath = "\(folder)/\(name).out"
        errPath = "\(folder)/\(name).err"
        child = try ChildProcess.launch(
            ChildProcess.Plan(
                try path ?? Program.path,
                arguments,
                environment: Program.environment.merging(environment) { $1 },
                workingFolder: folder,
                input: input,
                output: .file(outPath),
                errors: .file(errPath),
                hasOwnGroup: true
            )
        )
    }

    package var pid: Int32 { child.pid }
    package var isRunning: Bool { child.isRunning }
    /// What it has written to standard output so far.
    package var out: String { Self.read(outPath) }
    /// What it has written to standard error so far: a worker's log.
    package var err: String { Self.read(errPath) }

    package func send(_ signal: Signal) {
        child.send(signal)
    }

    /// Ends it as a power cut would, and waits until it is gone.
    package func kill() async {
        child.send(.kill)
        _ = await child.waitForExit(timeout: .seconds(10))
    }

    /// Waits for its end, which must come within `limit`.
    package func waitForExit(limit: Duration = .seconds(90)) async throws -> CommandResult {
        guard let exit = await child.waitForExit(timeout: limit) else {
            await kill()
            throw Overdue(what: "the program's end", state: "out:\n\(out)\nerr:\n\(err)")
        }
        return CommandResult(exit: exit, out: out, err: err)
    }

    /// Asks a worker to drain, and waits until it has.
    package func drain() async throws -> CommandResult {
        child.send(.terminate)
        return try await waitForExit()
    }

    private static func read(_ path: String) -> String {
        // The program may not have written anything yet.
        let bytes = (try? WholeFile.read(path, limit: 64 << 20)) ?? []
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Something that must come did not come in time.
package struct Overdue: Error, CustomStringConvertible {
    let what: String
    let state: String

    package var description: String { "\(what) did not come in time; \(state)" }
}

/// Looks again and again until a condition holds.
///
/// The limit only ends a test that would otherwise hang.
package func waitUntil(
    _ what: String,
    limit: Duration = .seconds(90),
    state: () async -> String = { "" },
    _ holds: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !holds() {
        guard ContinuousClock.now < deadline else {
            throw Overdue(what: what, state: await state())
        }
        try await Task.sleep(for: .milliseconds(40))
    }
}
