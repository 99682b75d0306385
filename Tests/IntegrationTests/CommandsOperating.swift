import Crypto
import Foundation
import JSON
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// What tests of the operators' commands share.
extension TestBed {
    /// Settings that make the workers notice what people ask within a second.
    static let quick = ["LEASE_SECONDS": "3", "CHUNK_BYTES": "5242880"]

    /// The JSON lines that a command prints; it must end with 0.
    func json(
        _ arguments: String...,
        environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [JSONValue] {
        let result = try await start(arguments + ["--json"], environment: environment)
            .waitForExit()
        #expect(result.code == 0, "\(result)", sourceLocation: sourceLocation)
        return try result.out.split(separator: "\n").map { try JSONValue(parsing: $0.utf8) }
    }

    /// What `queues` says of this bed's queue.
    func depths(environment: [String: String] = [:]) async throws -> JSONValue {
        let all = try await json("queues", environment: environment)
        return try #require(all.first { $0["queue"]?.string == queue })
    }

    /// Where `jobs show` says a job is.
    func place(of job: String) async throws -> JSONValue {
        try #require(try await json("jobs", "show", job).first?["now"])
    }

    /// A worker, and a job of `mira`'s whose upload hangs.
    func startHanging(_ job: String, video: TestVideo) async throws -> RunningProgram {
        sandbox.fault(.upload, .hangBefore)
        let worker = try startWorker()
        try await push(self.job(job, account: "mira", video: video.name))
        try await hits(of: .upload, worker: worker)
        return worker
    }

    /// Connects an account anew, as an operator does who got fresh tokens.
    func reconnect(_ name: String) async throws -> CommandResult {
        let connection = sandbox.addAccount(SandboxAccount(name))
        let document: JSONValue = [
            "access_token": .string(connection.accessToken), "open_id": .string(connection.openID),
            "scopes": .array(connection.scopes.map(JSONValue.string)), "expires_in": 7200,
        ]
        return try await run("accounts", "add", name, input: document.encodedText)
    }
}
