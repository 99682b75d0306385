import Foundation
import JSON
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// `check` on what is no plain job document, or none at all.
@Suite(.timeLimit(.minutes(10)))
struct CommandsCheckInputTests {
    /// What a terminal would act on.
    private static let evil = "\u{1B}]0;gone\u{7}\u{202E}\u{9B}2J"

    /// What a terminal would act on in a text.
    private static func acting(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.filter {
            $0 != "\n" && [.control, .format].contains($0.properties.generalCategory)
        }
    }

    @Test func `what others wrote is shown on a terminal, and cannot act on it`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("good.mp4", bytes: 200_000)
            let title: [String: JSONValue] = ["title": .string(Self.evil)]
            let job = bed.job("good", account: "mira", video: video.name, title)
            _ = try await bed.redis.send([
                "SET", .text(bed.key("pause:account:mira")), .text(Self.evil),
            ])

            let text = try await bed.run("check", "-", input: job.encodedText)
            let (code, found) = try await bed.check(job)

            #expect(text.code == 0 && code == 0, "\(text)")
            #expect(Self.acting(text.out).isEmpty && text.out.contains(#"\u202e"#), "\(text)")
            #expect(text.out.contains("paused: \u{FFFD}]0;gone"), "\(text)")
            // For programs it is what TikTok would get.
            let post = found.first?["request"]?["body"]?["post_info"]
            #expect(post?["title"]?.string == Self.evil)
        }
    }

    @Test func `hostile input is refused, and posts nothing`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let evil = Self.evil
            let lines = [
                #"{"id":"a","account":"mira","video":"a.mp4","\#("\\u001b[2J")":1}"#,
                bed.job("evil", account: "mira", video: "\(evil).mp4", ["title": .string(evil)])
                    .encodedText,
                "[" + String(repeating: "[", count: 5000), "{\"id\": 1", "\u{0}\u{1}x",
                #"{"id":"twice","id":"twice","account":"mira"}"#,
                bed.job("query", account: "mira", video: "https://10.0.0.1/?token=s3cret")
                    .encodedText,
            ]
            let file = bed.folder + "/hostile.jsonl"
            try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: file))

            let text = try await bed.run("check", file)
            let (code, found) = try await bed.check(lines: lines)
            let big = String(repeating: "x", count: 300_000)
            let long = try await bed.run("check", "-", input: "{\"id\":\"\(big)\"}")

            #expect(text.code == 1 && code == 1 && found.count == lines.count, "\(text)")
            #expect(Self.acting(text.out).isEmpty && !text.out.isEmpty)
            #expect(found.allSatisfy { $0["verdict"] == "refused" })
            #expect(found[0]["rules"]?.array?.first?["rule"]?.string?.isEmpty == false)
            #expect(found[6]["obstacles"]?.array?.first?["code"] == "media_url_refused")
            #expect(long.code == 1 && long.out.contains("262144"), "\(long)")
            // TikTok is asked about the creator of what could be read; nothing else.
            #expect(bed.sandbox.report().requests.keys.allSatisfy { $0 == .creatorInfo })
        }
    }

    @Test func `a Celery message is read as the worker reads it`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let keywords: [String: JSONValue] = [
                "account": "mira", "video": .string(video.name), "privacy": "private",
            ]
            let own = TestBed.message("task-1", .object(keywords))
            let other = TestBed.message(
                "task-2",
                .object(keywords),
                headers: ["task": "other_task"]
            )

            let (code, found) = try await bed.check(lines: [own, other].map(\.encodedText))

            #expect(code == 1 && found[0]["verdict"] == "posted", "\(found[0].encodedText)")
            #expect(found[0]["job_id"] == "task-1")
            #expect(found[1]["verdict"] == "refused", "\(found[1].encodedText)")
        }
    }

    @Test func `what cannot be checked ends as every command does`() async throws {
        try await TestBed.run { bed in
            let usage = try await bed.run("check")
            let flag = try await bed.run("check", "-", "--wait", input: "{}")
            let none = try await bed.run("check", "-", input: "\n \n")
            let missing = try await bed.run("check", bed.folder + "/no.json")
            let settings = try await bed.run(
                "check",
                "-",
                environment: ["CHUNK_BYTES": "1"],
                input: "{}"
            )
            let away = try await bed.run(
                "check",
                "-",
                environment: ["REDIS_URL": "redis://127.0.0.1:9/0"],
                input: bed.job("one", account: "mira", video: "a.mp4").encodedText
            )

            #expect([usage.code, flag.code] == [2, 2])
            #expect(none.code == 1 && none.err.contains("no document"))
            #expect(missing.code == 1 && settings.code == 78)
            #expect(away.code == 1 && !away.err.isEmpty, "\(away)")
        }
    }
}
