internal import Files
internal import Foundation
internal import PrivateServers
internal import Processes
internal import Synchronization

/// A release of Celery that is tested against, each with the libraries of its time.
package enum CeleryRelease: String, Sendable, CaseIterable {
    case newest = "5.7.0"
    case middle = "5.4.0"
    /// Without Flower, whose present releases do not go with it.
    case oldest = "5.2.7"
}

/// A private Python with Celery in it, made from PyPI the first time and kept beside the build.
///
/// Making one is the only thing in all tests that leaves this machine.
package struct PythonEnvironment: Sendable {
    /// The interpreter.
    package let python: String

    /// PyPI did not answer: nothing is wrong with the program, and nothing was shown about it.
    package struct Unreachable: Error, CustomStringConvertible {
        package let description: String
    }

    /// The environment of a release; made once, whoever asks.
    ///
    /// - Throws: `Unreachable`, or what went wrong.
    package static func with(_ release: CeleryRelease) async throws -> PythonEnvironment {
        let task = making.withLock { making in
            let task = making[release] ?? Task { try await make(release) }
            making[release] = task
            return task
        }
        return try await task.value
    }

    /// Whether there is one, or can be; where there cannot, says so on standard error.
    package static func exists(with release: CeleryRelease) async throws -> Bool {
        do {
            _ = try await with(release)
            return true
        } catch let error as Unreachable {
            let isNew = told.withLock { $0.insert(release).inserted }
            let note = "\n*** NOT TESTED against Celery \(release.rawValue): \(error)\n\n"
            if isNew { try FileHandle.standardError.write(contentsOf: Data(note.utf8)) }
            return false
        }
    }

    /// Said once, however many tests need it.
    private static let told = Mutex<Set<CeleryRelease>>([])

    /// Where the scripts and the lists of libraries lie.
    static let scripts = Bundle.module.bundlePath + "/Python"

    private static let making = Mutex<[CeleryRelease: Task<PythonEnvironment, any Error>]>([:])

    /// The longest that making one may take; a slow line and a slow machine need a minute.
    private static let limit = Duration.seconds(400)

    /// One at a time makes it, also where tests run in several processes.
    private static let recipe = """
        set -eu
        exec 9>"$1.lock"
        flock --timeout 300 9
        [ -e "$1/made" ] && exit 0
        rm -rf "$1"
        python3 -m venv "$1"
        "$1/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off \\
            --retries 1 --timeout 30 --requirement "$2"
        touch "$1/made"
        """

    private static func make(_ release: CeleryRelease) async throws -> PythonEnvironment {
        let requirements = "\(scripts)/celery-\(release.rawValue).txt"
        let folder = try home() + "/celery-\(release.rawValue)-\(try mark(of: requirements))"
        let log = try ScratchFolder("python")
        let child = try ChildProcess.launch(
            ChildProcess.Plan(
                "/bin/sh",
                ["-c", recipe, "sh", folder, requirements],
                workingFolder: log.path,
                output: .file(log.path + "/log"),
                hasOwnGroup: true
            )
        )
        let exit = await child.waitForExit(timeout: limit)
        guard exit?.isSuccess == true else {
            child.send(.kill)
            let words = try String(
                decoding: WholeFile.read(log.path + "/log", limit: 1 << 20),
                as: UTF8.self
            )
            throw failure(exit, words)
        }
        return PythonEnvironment(python: folder + "/bin/python")
    }

    /// Beside the folder of the build that this process belongs to.
    private static func home() throws -> String {
        let folder = URL(filePath: try Program.path).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "python")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder.path
    }

    /// Another list of libraries makes another environment.
    private static func mark(of requirements: String) throws -> String {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in try WholeFile.read(requirements, limit: 1 << 16) {
            sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return String(sum, radix: 36)
    }

    /// What pip says when nobody answers, or when no name server does.
    private static let signsOfNoNetwork = [
        "NewConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ProxyError",
        "Temporary failure in name resolution", "Network is unreachable", "Connection refused",
    ]

    private static func failure(_ exit: ChildExit?, _ words: String) -> any Error {
        let last = String(words.suffix(3000))
        guard exit == nil || signsOfNoNetwork.contains(where: words.contains) else {
            return Overdue(what: "a Python with Celery (needs python3-venv)", state: last)
        }
        return Unreachable(description: "PyPI cannot be reached:\n\(last)")
    }
}
