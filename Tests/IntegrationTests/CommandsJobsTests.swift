import Foundation
import JSON
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// `enqueue` and `history`: how jobs go in, and how people see what became of them.
@Suite(.timeLimit(.minutes(10)))
struct CommandsJobsTests {
    @Test func `documents come from a file, from lines or from standard input`() async throws {
        try await TestBed.run { bed in
            let one = bed.job("one", account: "mira", video: "a.mp4")
            let two = bed.job("two", account: "mira", video: "b.mp4")
            let path = bed.folder + "/jobs"
            try Data("\(one.encodedText)\n\n  \n\(two.encodedText)\n".utf8)
                .write(to: URL(filePath: path))

            let file = try await bed.run("enqueue", path)
            let input = try await bed.run("enqueue", "-", input: one.encodedText)
            let other = try await bed.run(
                "enqueue",
                "--queue",
                bed.queue + "-other",
                "--json",
                input: "{\n  \(one.encodedText.dropFirst())"
            )

            #expect(file.code == 0, "\(file)")
            #expect(file.out == "queued one on \(bed.queue)\nqueued two on \(bed.queue)\n")
            #expect(input.code == 0, "\(input)")
            #expect(other.code == 0, "\(other)")
            #expect(try JSONValue(parsing: Array(other.out.utf8))["id"] == "one")
            // First in, first out: the oldest is at the end of the list.
            #expect(try await bed.documents() == [one, two, one].map(\.encoded).reversed())
            #expect(try await bed.documents(on: bed.queue + "-other").count == 1)
        }
    }

    @Test func `one broken document keeps all of them out`() async throws {
        try await TestBed.run { bed in
            let good = bed.job("good", account: "mira", video: "a.mp4").encodedText
            let broken = [
                #"{"id":"b","account":"m","video":"v","privacy":"public","t\u001b[2Jitle":"x"}"#,
                #"{"id":"no spaces","account":"m","photos":[],"privacy":"hunter2secret"}"#,
                "not json",
            ]

            let result = try await bed.run(
                "enqueue",
                input: ([good] + broken).joined(separator: "\n")
            )
            let nothing = try await bed.run("enqueue", input: "\n")
            let missing = try await bed.run("enqueue", bed.folder + "/no-such-file")

            #expect(result.code == 1, "\(result)")
            for words in [
                "document 2: ", "document 3: id: ", "document 3: privacy: ", "document 4: ",
            ] {
                #expect(result.err.contains(words), "\(result)")
            }
            #expect(result.err.contains("nothing was pushed"))
            #expect(!result.err.contains("\u{1B}"))
            #expect(!result.err.contains("hunter2secret"))
            #expect(nothing.code == 1)
            #expect(missing.code == 1)
            #expect(try await bed.documents().isEmpty)
        }
    }

    @Test func `waiting shows the way and ends as the jobs do`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("waited.mp4", bytes: 300_000)
            let worker = try bed.startWorker()
            let good = bed.job("good", account: "mira", video: video.name)
            let bad = bed.job("bad", account: "mira", video: "none.mp4")

            let published = try await bed.run("enqueue", "--wait", input: good.encodedText)
            let failed = try await bed.run(
                "enqueue",
                "--wait",
                input: "\(bad.encodedText)\n\(good.encodedText)"
            )

            #expect(published.code == 0, "\(published)")
            #expect(published.out.hasPrefix("queued good"))
            #expect(published.out.hasSuffix("good: published\n"), "\(published)")
            #expect(failed.code == 1, "\(failed)")
            #expect(failed.out.contains("bad: failed (media_not_found)"))
            bed.expectPosted(try await bed.end(of: "good"), video)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `the history shows rows, one job's events, and what was asked for`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira", "nora")
            let video = try bed.video("seen.mp4", bytes: 300_000)
            let worker = try bed.startWorker()
            try await bed.push(
                bed.job("posted", account: "mira", video: video.name),
                bed.job("lost", account: "nora", video: "none.mp4")
            )
            _ = try await bed.ends(of: ["posted", "lost"], worker: worker)

            let all = try await bed.run("history")
            let failed = try await bed.run("history", "--status", "failed", "--json")
            let mira = try await bed.run("history", "--account=mira", "--since", "1h", "--json")
            let later = try await bed.run("history", "--since", "2099-01-01T00:00:00Z")
            let job = try await bed.run("history", "posted")
            let json = try await bed.run("history", "--json", "posted")
            let none = try await bed.run("history", "nothing-like-it")

            #expect(all.code == 0)
            #expect(all.out.hasPrefix("JOB"))
            #expect(all.out.contains("posted"))
            #expect(all.out.contains("upstream → Put the file there"), "\(all)")
            #expect(Self.jobs(failed) == ["lost"])
            #expect(Self.jobs(mira) == ["posted"])
            #expect(later.code == 0)
            #expect(later.out.isEmpty)
            #expect(job.out.contains("upload_agreed"))
            let value = try JSONValue(parsing: Array(json.out.utf8))
            #expect(value["job"]?["media_sha256"]?.string == video.sha256)
            #expect(value["events"]?.array?.last?["event"] == "published")
            #expect(none.code == 1)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `what strangers wrote cannot act on a terminal`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("seen.mp4", bytes: 100_000)
            let words = "\u{1B}]0;owned\u{7}\u{1B}[2J\u{9B}31m\u{202E}\r\nevil"
            let envelope: JSONValue = [
                "data": [:],
                "error": [
                    "code": "\u{1B}[2Jcode", "message": .string(words), "log_id": "\u{1B}[5m",
                ],
            ]
            bed.sandbox.fault(
                .videoInit,
                .body(status: 403, type: "application/json", text: envelope.encodedText)
            )
            let worker = try bed.startWorker()
            try await bed.push(
                bed.job("hostile", account: "mira", video: video.name, ["title": .string(words)])
            )
            let row = try await bed.end(of: "hostile", worker: worker)

            #expect(row.status == .failed)
            for arguments in [
                ["history"], ["history", "hostile"], ["history", "--json", "hostile"],
            ] {
                let result = try await bed.start(arguments).waitForExit()
                #expect(result.code == 0, "\(result)")
                let scalars = result.out.unicodeScalars.filter { $0 != "\n" }
                #expect(!scalars.contains { $0.properties.generalCategory == .control })
                if !arguments.contains("--json") { #expect(!scalars.contains("\u{202E}")) }
            }
            try await bed.expectDrains(worker)
            #expect(!worker.err.contains("\u{1B}"))
        }
    }

    @Test func `the history can be followed until it is interrupted`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("seen.mp4", bytes: 100_000)
            let follower = try bed.start(["history", "--follow", "--json"])
            let worker = try bed.startWorker()

            try await bed.push(bed.job("followed", account: "mira", video: video.name))
            try await waitUntil("the row", state: { follower.err }) {
                follower.out.contains(#""status":"published""#)
            }
            follower.send(.interrupt)
            let end = try await follower.waitForExit()

            #expect(end.exit == .killed(signal: 2), "\(end)")
            try await bed.expectDrains(worker)
        }
    }

    private static func jobs(_ result: CommandResult) -> [String] {
        result.out.split(separator: "\n").compactMap { line in
            // A line that is no JSON is no row, and then the expectation fails.
            (try? JSONValue(parsing: Array(line.utf8)))?["job_id"]?.string
        }
    }
}

extension TestBed {
    /// The documents on a list, the newest first.
    fileprivate func documents(on queue: String? = nil) async throws -> [[UInt8]] {
        let answer = try await redis.send(["LRANGE", .text(queue ?? self.queue), 0, -1])
        return (answer.array ?? []).map { value in
            guard case .bytes(let bytes) = value else { return [] }
            return bytes
        }
    }
}
