import Foundation
import JSON
import Postgres
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// `check`: what a worker would do with a document, without anything that posts.
@Suite(.timeLimit(.minutes(10)))
struct CommandsCheckTests {
    private static let request: JSONValue = [
        "method": "POST", "path": "/v2/post/publish/video/init/",
        "body": [
            "post_info": [
                "title": .string(TestBed.title(of: "one")),
                "privacy_level": "PUBLIC_TO_EVERYONE", "disable_duet": true,
                "disable_stitch": false, "disable_comment": false,
                "brand_content_toggle": false, "brand_organic_toggle": false,
                "is_aigc": false,
            ],
            "source_info": [
                "source": "FILE_UPLOAD", "video_size": 12_000_000,
                "chunk_size": 5_242_880, "total_chunk_count": 2,
            ],
        ],
    ]

    @Test func `a good video is shown with its facts, its chunks and its call`() async throws {
        try await TestBed.run(["CHUNK_BYTES": "5242880"]) { bed in
            try await bed.connect("mira") { $0.duetDisabled = true }
            let video = try bed.video("loaf.mp4", bytes: 12_000_000)
            let job = bed.job("one", account: "mira", video: video.name)

            let (code, found) = try await bed.check(job)
            let report = try #require(found.first)
            let text = try await bed.run("check", "-", input: job.encodedText)

            #expect(code == 0 && report["verdict"] == "posted", "\(report.encodedText)")
            #expect(report["request"] == Self.request, "\(report.encodedText)")
            #expect(report["chunks"]?["last_chunk_bytes"] == 6_757_120)
            let file = report["media"]?.array?.first
            #expect(file?["codec"] == "H.264" && file?["width"] == 720 && file?["seconds"] == 10)
            #expect(report["creator"]?["duet_disabled"] == true)
            #expect(report["limits"]?["posts"] == ["used": 0, "cap": 15, "next": "now"])
            #expect(report["account"]?["status"] == "active" && report["obstacles"] == [])
            for part in [
                "one: would be posted now", "H.264, 720 × 1280", "0 of 15 posts in 24 h",
                "2, each of 5242880 bytes, the last of 6757120", "switched off: duets",
                #"POST /v2/post/publish/video/init/ {"post_info":{"#,
            ] {
                #expect(text.out.contains(part), "\(part) in \(text)")
            }
            bed.expectOnlyQuestions(2)
            #expect(try await bed.redis.send(["LLEN", .text(bed.queue)]).integer == 0)
            // What it says is what happens.
            let worker = try bed.startWorker()
            try await bed.push(job)
            bed.expectPosted(try await bed.end(of: "one", worker: worker), video)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `media that TikTok fetches are looked at where it would fetch them`() async throws {
        try await TestBed.runPulled { bed in
            try await bed.connect("mira")
            let jobs = PulledKind.allCases.map { bed.pulled($0, $0.rawValue, account: "mira") }

            let (code, found) = try await bed.check(lines: jobs.map(\.encodedText))

            #expect(code == 0 && found.count == jobs.count, "\(found.map(\.encodedText))")
            for (kind, report) in zip(PulledKind.allCases, found) {
                #expect(report["verdict"] == "posted", "\(report.encodedText)")
                let body = report["request"]?["body"]
                #expect(body?["source_info"]?["source"] == "PULL_FROM_URL", "\(kind)")
                #expect(report["media"]?.array?.allSatisfy { $0["is_read"] == true } == true)
            }
            let carousel = found[1]["request"]?["body"]?["source_info"]
            let first = (bed.settings["MEDIA_URL_PREFIX"] ?? "") + "%C3%BCn%C3%AF%20cod%C3%A9/"
            #expect(carousel?["photo_images"]?.array?.first?.string == first + "photo%201.jpg")
            #expect(carousel?["photo_images"]?.array?.count == 35)
            #expect(carousel?["photo_cover_index"] == 34)
            // One answer counts for all of an account.
            bed.expectOnlyQuestions(1)
        }
    }

    /// Jobs, and the codes of what speaks against each.
    private func refusals(_ bed: TestBed) -> [(job: JSONValue, codes: [String])] {
        let photos: JSONValue = ["a.jpg", "gone.jpg", "../b.jpg", "clip.mp4"]
        let past: [String: JSONValue] = ["expires_at": "2026-01-01T00:00:00Z"]
        return [
            (bed.job("long", account: "mira", video: "long.mp4"), ["media_too_long"]),
            (
                bed.job(
                    "audience",
                    account: "mira",
                    video: "slow.mp4",
                    ["privacy": "followers"]
                ),
                ["media_picture_size", "privacy_not_offered"]
            ),
            (
                bed.job("gone", account: "nobody", video: "no.mp4"),
                ["account_unknown", "media_not_found"]
            ),
            (bed.job("scope", account: "nora", video: "long.mp4"), ["scope_missing"]),
            (
                bed.pulled(.photo, "album", account: "mira", ["photos": photos]),
                ["media_url_unavailable", "media_path_refused", "media_type_unknown"]
            ),
            (
                bed.job("late", account: "mira", video: "no.mp4", past),
                ["media_not_found", "expired"]
            ),
        ]
    }

    @Test func `what would be refused is told with who can mend it, for each document`()
        async throws
    {
        try await TestBed.runPulled { bed in
            try await bed.connect("mira") { $0.maxVideoSeconds = 5 }
            try await bed.connect("nora") { $0.scopes = ["video.upload"] }
            _ = try bed.video("long.mp4", bytes: 200_000)
            var slow = TestMovie()
            slow.runs = [(10, 3000)]
            slow.width = 100
            try Data(slow.file()).write(to: URL(filePath: bed.media + "/slow.mp4"))
            let expected = refusals(bed)

            let (code, found) = try await bed.check(lines: expected.map(\.job.encodedText))

            #expect(code == 1 && found.count == expected.count)
            for ((job, codes), report) in zip(expected, found) {
                let obstacles = report["obstacles"]?.array ?? []
                #expect(
                    obstacles.compactMap { $0["code"]?.string } == codes,
                    "\(report.encodedText)"
                )
                #expect(obstacles.allSatisfy { $0["action"]?.string?.isEmpty == false })
                #expect(report["job_id"] == job["id"] && report["request"] == .null)
                let verdict: JSONValue = job["id"] == "scope" ? "blocked" : "refused"
                #expect(report["verdict"] == verdict, "\(report.encodedText)")
            }
            let album = found[4]["obstacles"]?.array ?? []
            #expect(album.first?["message"]?.string?.hasPrefix("photos[1]: ") == true)
            #expect(album.map { $0["owner"] } == ["upstream", "upstream", "upstream"])
            let text = try await bed.run("check", "-", input: expected[0].job.encodedText)
            #expect(text.code == 1 && text.out.contains("REFUSED   media_too_long: "), "\(text)")
            #expect(text.out.contains("upstream: Shorten it"), "\(text)")
            #expect(bed.sandbox.report().requests.keys.allSatisfy { $0 == .creatorInfo })
            #expect(bed.sandbox.report().posts.isEmpty)
        }
    }

    /// An account with one post a day, which is out.
    private func post(_ bed: TestBed) async throws -> TestVideo {
        try await bed.connect("mira")
        let video = try bed.video("v.mp4", bytes: 200_000)
        let worker = try bed.startWorker()
        try await bed.push(bed.job("first", account: "mira", video: video.name))
        bed.expectPosted(try await bed.end(of: "first", worker: worker), video)
        try await bed.expectDrains(worker)
        return video
    }

    @Test func `a wait is named with its end`() async throws {
        try await TestBed.run(["DAILY_POST_LIMIT": "1"]) { bed in
            let video = try await post(bed)
            let paused = try await bed.run("pause", "--account", "mira", "--for", "1h")
            #expect(paused.code == 0)
            let end: [String: JSONValue] = ["expires_at": .time(.now + 3600)]
            let job = bed.job("second", account: "mira", video: video.name)
            let ending = bed.job("ending", account: "mira", video: video.name, end)

            let (code, found) = try await bed.check(lines: [job, ending].map(\.encodedText))
            let alone = try await bed.run("check", "-", input: job.encodedText)
            _ = try await bed.run("pause", "--queue", bed.queue, "--reason", "oven broken")
            let halted = try await bed.run("check", "-", input: job.encodedText)

            #expect(code == 1 && alone.code == 0 && halted.code == 0, "\(alone)")
            let waits = found[0]["waits"]?.array ?? []
            let names: [JSONValue?] = ["account_paused", "daily_limit"]
            #expect(waits.map { $0["waiting_for"] } == names, "\(found[0].encodedText)")
            let until = try #require(found[0]["until"]?.string.flatMap(InternetTime.read))
            #expect((82_800...86_401).contains(until.timeIntervalSinceNow))
            #expect(found[0]["verdict"] == "posted_later")
            #expect(alone.out.contains("wait      daily_limit until 20"), "\(alone)")
            #expect(halted.out.contains("every queue of QUEUES is paused: oven broken"))
            #expect(found[1]["obstacles"]?.array?.first?["code"] == "expired")
        }
    }

    @Test func `a taken id is told with the job that has it`() async throws {
        try await TestBed.run { bed in
            let video = try await post(bed)
            try await bed.push(bed.job("unseen", account: "mira", video: video.name))
            let ids = ["first", "unseen", "new", "new"]
            let jobs = ids.map { bed.job($0, account: "mira", video: video.name) }

            let (code, found) = try await bed.check(lines: jobs.map(\.encodedText))
            let text = try await bed.run("check", "-", input: jobs[0].encodedText)

            #expect(code == 1)
            let verdicts: [JSONValue?] = ["refused", "refused", "posted", "refused"]
            #expect(found.map { $0["verdict"] } == verdicts)
            let states: [JSONValue?] = ["ended", "unseen", "unknown", "unknown"]
            #expect(found.map { $0["id"]?["state"] } == states)
            for report in [found[0], found[1], found[3]] {
                #expect(report["obstacles"]?.array?.first?["code"] == "duplicate")
            }
            #expect(text.out.contains("first is not in the queue any more: published"), "\(text)")
        }
    }

    @Test func `a token that has ended is replaced, and a connection that has is said to`()
        async throws
    {
        try await TestBed.run(TestBed.client) { bed in
            try await bed.connect("mira", "nora")
            let video = try bed.video("v.mp4", bytes: 200_000)
            _ = try await bed.database.execute(
                """
                UPDATE tiktok_accounts SET access_expires_at = now() - interval '1 hour'
                WHERE account = 'mira'
                """
            )
            _ = try await bed.database.execute(
                "UPDATE tiktok_accounts SET status = 'reauthorise' WHERE account = 'nora'"
            )
            let jobs = ["mira", "nora"].map { bed.job($0, account: $0, video: video.name) }

            let (code, found) = try await bed.check(lines: jobs.map(\.encodedText))

            #expect(code == 1 && bed.tokenRequests == 1)
            #expect(found[0]["verdict"] == "posted", "\(found[0].encodedText)")
            let end = found[0]["account"]?["access_expires_at"]?.string.flatMap(InternetTime.read)
            #expect(try #require(end) > .now)
            #expect(found[1]["verdict"] == "blocked", "\(found[1].encodedText)")
            let obstacle = found[1]["obstacles"]?.array?.first
            #expect(obstacle?["code"] == "account_reauthorise" && obstacle?["owner"] == "creator")
            #expect(!found.contains { $0.encodedText.contains("act.") })
        }
    }
}

extension TestBed {
    /// Runs `check --json` on one document.
    func check(_ job: JSONValue) async throws -> (code: Int32?, [JSONValue]) {
        try await check(lines: [job.encodedText])
    }

    func check(lines: [String]) async throws -> (code: Int32?, [JSONValue]) {
        let input = lines.joined(separator: "\n")
        let result = try await run("check", "-", "--json", input: input)
        let found = try result.out.split(separator: "\n").map { line in
            try JSONValue(parsing: Array(line.utf8))
        }
        return (result.code, found)
    }

    /// TikTok was asked about creators so often, and nothing else.
    func expectOnlyQuestions(
        _ count: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let report = sandbox.report()
        #expect(report.requests == [.creatorInfo: count], sourceLocation: sourceLocation)
        #expect(report.posts.isEmpty, sourceLocation: sourceLocation)
        expectNoViolation(sourceLocation: sourceLocation)
    }
}
