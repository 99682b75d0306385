internal import Foundation
package import JSON

/// Python programs that talk to a bed's Redis as upstream apps do.
extension TestBed {
    /// Starts a Python program, with `upstream.py` to import.
    ///
    /// - Parameters:
    ///   - arguments: of the interpreter, such as `-m celery -A upstream worker`.
    ///   - environment: beside, or instead of, what tells it where Redis is.
    package func startPython(
        _ arguments: [String],
        with release: CeleryRelease = .newest,
        environment: [String: String] = [:]
    ) async throws -> RunningProgram {
        let usual = [
            "BROKER_URL": redisURL, "RESULT_BACKEND": redisURL, "QUEUE": queue,
            "PYTHONPATH": PythonEnvironment.scripts, "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore", "HOME": folder,
        ]
        return try RunningProgram(
            arguments,
            of: try await PythonEnvironment.with(release).python,
            in: folder,
            name: "python-" + String(UInt64.random(in: 0 ... .max), radix: 36),
            environment: usual.merging(environment) { $1 }
        )
    }

    /// Runs a Python program to its end.
    package func runPython(
        _ arguments: String...,
        with release: CeleryRelease = .newest,
        environment: [String: String] = [:]
    ) async throws -> CommandResult {
        try await startPython(arguments, with: release, environment: environment).waitForExit()
    }

    /// Runs `celery -A upstream …` to its end.
    package func celery(
        _ arguments: String...,
        with release: CeleryRelease = .newest
    ) async throws -> CommandResult {
        let program = ["-m", "celery", "-A", "upstream"]
        return try await startPython(program + arguments, with: release).waitForExit()
    }

    /// Starts a script whose text is given.
    ///
    /// It may `say(value)`, which prints a line of JSON, and knows everything of `upstream.py`.
    package func startScript(
        _ script: String,
        _ arguments: [String] = [],
        with release: CeleryRelease = .newest
    ) async throws -> RunningProgram {
        let path = "\(folder)/script-\(String(UInt64.random(in: 0 ... .max), radix: 36)).py"
        try Data((Self.preamble + script).utf8).write(to: URL(filePath: path))
        return try await startPython([path] + arguments, with: release)
    }

    /// Runs such a script to its end, which must be a good one.
    ///
    /// - Returns: what it said.
    package func script(
        _ script: String,
        _ arguments: String...,
        with release: CeleryRelease = .newest
    ) async throws -> [JSONValue] {
        let program = try await startScript(script, arguments, with: release)
        let result = try await program.waitForExit()
        guard result.code == 0 else { throw ScriptFailure(description: "\(result)") }
        return try program.said()
    }

    private static let preamble = """
        import json, os, sys, time
        from upstream import app, publish_post_task, note, failed, QUEUE

        def say(value):
            print(json.dumps(value, default=repr), flush=True)


        """

    /// A script that ended badly, and what it printed.
    package struct ScriptFailure: Error, CustomStringConvertible {
        package let description: String
    }
}

extension RunningProgram {
    /// The lines of JSON that it has printed so far; a line that is not whole yet is left out.
    package func said() throws -> [JSONValue] {
        let text = out
        guard let end = text.lastIndex(of: "\n") else { return [] }
        return try text[..<end].split(separator: "\n").map { line in
            try JSONValue(parsing: line.utf8)
        }
    }
}
