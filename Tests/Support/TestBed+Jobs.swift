internal import Foundation
package import JSON
internal import Postgres
internal import Processes
package import Publishing
internal import Redis
package import Sandbox

// MARK: Programs

extension TestBed {
    /// Starts `tiktok-publisher work` as a process of its own; settings given here win over those
    /// of `.env`.
    package func startWorker(
        _ name: String = "worker",
        environment: [String: String] = [:]
    ) throws -> RunningProgram {
        try RunningProgram(
            ["work"],
            in: folder,
            name: name,
            environment: environment.merging(["WORKER_NAME": name]) { own, _ in own }
        )
    }

    /// Starts any command.
    package func start(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String? = nil
    ) throws -> RunningProgram {
        let name = "command-" + String(UInt64.random(in: 0 ... .max), radix: 36)
        let inputPath = "\(folder)/\(name).in"
        if let input { try Data(input.utf8).write(to: URL(filePath: inputPath)) }
        return try RunningProgram(
            arguments,
            in: folder,
            name: name,
            environment: environment,
            input: input == nil ? .nothing : .file(inputPath)
        )
    }

    /// Runs a command to its end.
    package func run(
        _ arguments: String...,
        environment: [String: String] = [:],
        input: String? = nil
    ) async throws -> CommandResult {
        try await start(arguments, environment: environment, input: input).waitForExit()
    }
}

// MARK: Jobs

extension TestBed {
    /// A job document for a public post with a title of its own.
    package func job(
        _ id: String,
        account: String,
        video: String,
        _ more: [String: JSONValue] = [:]
    ) -> JSONValue {
        let usual: [String: JSONValue] = [
            "id": .string(id), "account": .string(account), "video": .string(video),
            "title": .string(Self.title(of: id)), "privacy": "public",
        ]
        return .object(usual.merging(more) { $1 }.filter { $0.value != .null })
    }

    package static func title(of id: String) -> String { "Title of \(id)" }

    /// Pushes documents as upstream apps do, in one command.
    package func push(_ documents: JSONValue..., onto queue: String? = nil) async throws {
        try await push(bytes: documents.map(\.encoded), onto: queue)
    }

    package func push(bytes documents: [[UInt8]], onto queue: String? = nil) async throws {
        _ = try await redis.send(
            ["LPUSH", .text(queue ?? self.queue)] + documents.map(RedisArgument.bytes)
        )
    }

    /// A Redis key of the worker's.
    package func key(_ rest: String) -> String { "{\(schema)}:" + rest }
}

// MARK: Waiting for rows

extension TestBed {
    /// The row of a job, if there is one yet.
    package func row(_ job: String) async throws -> HistoryRow? {
        try await reader.rows(of: [job]).first
    }

    /// Waits until a row is as it must become.
    package func row(
        _ job: String,
        _ what: String,
        limit: Duration = .seconds(90),
        worker: RunningProgram? = nil,
        _ holds: (HistoryRow) -> Bool
    ) async throws -> HistoryRow {
        var latest: HistoryRow?
        try await waitUntil("\(job) \(what)", limit: limit, state: { await state(latest, worker) })
        {
            latest = try await rowIfReachable(job) ?? latest
            return latest.map(holds) ?? false
        }
        guard let latest else { throw Overdue(what: job, state: "no row") }
        return latest
    }

    /// Waits until jobs have ended, whichever way.
    ///
    /// - Returns: their rows in the order of `jobs`.
    package func ends(
        of jobs: [String],
        limit: Duration = .seconds(90),
        worker: RunningProgram? = nil
    ) async throws -> [HistoryRow] {
        var rows: [HistoryRow] = []
        for job in jobs {
            rows.append(
                try await row(job, "ends", limit: limit, worker: worker) { $0.status.isFinal }
            )
        }
        return rows
    }

    package func end(of job: String, worker: RunningProgram? = nil) async throws -> HistoryRow {
        try await row(job, "ends", worker: worker) { $0.status.isFinal }
    }

    /// Names of the events of a job, the oldest first.
    package func events(of job: String) async throws -> [String] {
        try await reader.events(of: job).map(\.event)
    }

    /// While PostgreSQL is away there is nothing to be seen.
    private func rowIfReachable(_ job: String) async throws -> HistoryRow? {
        do {
            return try await reader.rows(of: [job]).first
        } catch {
            guard error.isUnavailable else { throw error }
            return nil
        }
    }

    private func state(_ row: HistoryRow?, _ worker: RunningProgram?) async -> String {
        let seen = row.map { $0.json.encodedText } ?? "no row"
        let log = worker.map { "; worker (runs: \($0.isRunning)):\n\($0.err.suffix(4000))" } ?? ""
        let journal = sandbox.journal().suffix(20)
            .map { "\($0.endpoint) \($0.status) \($0.code) \($0.detail) \($0.fault ?? "")" }
        return "row: \(seen)\(log)\nsandbox:\n\(journal.joined(separator: "\n"))"
    }
}

// MARK: What the stand-in has seen

extension TestBed {
    /// Waits until the stand-in has seen so many requests of a kind that a fault has hit.
    package func hits(
        of endpoint: SandboxEndpoint,
        _ count: Int = 1,
        worker: RunningProgram? = nil
    ) async throws {
        let what = "\(count) spoilt requests to \(endpoint)"
        try await waitUntil(what, state: { await state(nil, worker) }) {
            sandbox.journal().count { $0.endpoint == endpoint && $0.fault != nil } >= count
        }
    }

    /// How often each chunk was sent, by the offset of its first byte, and how it was answered.
    package func chunks() -> [Int64: [Int]] {
        var chunks: [Int64: [Int]] = [:]
        for entry in sandbox.journal() where entry.endpoint == .upload {
            let first = entry.detail.drop { !$0.isNumber }.prefix(while: \.isNumber)
            chunks[Int64(first) ?? -1, default: []].append(entry.status)
        }
        return chunks
    }
}
