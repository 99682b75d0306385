import Foundation
import JSON
import Postgres
import Publishing
import Sandbox
import Support
import Testing

/// Jobs that go well, from the list to the row.
@Suite(.timeLimit(.minutes(10)))
struct JobsTests {
    @Test func `a small video is published once`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("small.mp4", bytes: 300_000)
            let worker = try bed.startWorker()

            try await bed.push(bed.job("small", account: "mira", video: video.name))
            let row = try await bed.end(of: "small", worker: worker)

            let post = bed.expectPosted(row, video)
            #expect(row.attempt == 1)
            #expect(post?.privacy == "PUBLIC_TO_EVERYONE")
            let id = try #require(row.postIDs.first)
            #expect(row.shareURL == "https://www.tiktok.com/@mira/video/\(id)")
            let events = try await bed.events(of: "small")
            #expect(events.first == "preparing")
            #expect(events.last == "published")
            try await bed.expectDrains(worker)
        }
    }

    @Test(arguments: [
        // Five chunks, the last one longer than the others.
        (bytes: 5 * 5_242_880 + 1_234_567, chunks: 5),
        // The example of the seed document: ten chunks exactly.
        (bytes: 52_428_800, chunks: 10),
        // One byte less than two chunks goes as one.
        (bytes: 2 * 5_242_880 - 1, chunks: 1),
    ])
    func `a long video goes in chunks, each sent once`(bytes: Int, chunks: Int) async throws {
        try await TestBed.run(["CHUNK_BYTES": "5242880"]) { bed in
            try await bed.connect("mira")
            let video = try bed.video("long.mp4", bytes: bytes)
            let worker = try bed.startWorker()

            try await bed.push(bed.job("long", account: "mira", video: video.name))
            let row = try await bed.end(of: "long", worker: worker)

            bed.expectPosted(row, video)
            let sent = bed.chunks()
            #expect(sent.count == chunks)
            for (first, answers) in sent {
                let isLast = first == Int64(chunks - 1) * (chunks == 1 ? 0 : 5_242_880)
                #expect(answers == [isLast ? 201 : 206])
            }
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a draft goes to the inbox and says nothing about the post`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("draft.mp4", bytes: 200_000)
            let worker = try bed.startWorker()

            try await bed.push(
                bed.job(
                    "draft",
                    account: "mira",
                    video: video.name,
                    ["mode": "draft", "privacy": .null]
                )
            )
            let row = try await bed.end(of: "draft", worker: worker)

            #expect(row.status == .delivered)
            #expect(row.postIDs.isEmpty)
            let report = bed.sandbox.report()
            let posts = report.posts.filter(\.isDelivered)
            #expect(posts.map(\.publishID) == [row.publishID])
            #expect(posts.map(\.sha256) == [video.sha256])
            #expect(posts.map(\.mode) == ["draft"])
            #expect(report.requests[.videoInit] == nil)
            #expect(report.requests[.creatorInfo] == nil)
            bed.expectNoViolation()
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a private post is published although it never gets a public id`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("private.mp4", bytes: 200_000)
            let worker = try bed.startWorker()

            try await bed.push(
                bed.job("quiet", account: "mira", video: video.name, ["privacy": "private"])
            )
            let row = try await bed.end(of: "quiet", worker: worker)

            let post = bed.expectPosted(row, video)
            #expect(post?.privacy == "SELF_ONLY")
            #expect(row.postIDs.isEmpty)
            #expect(row.shareURL == nil)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `every field of a job reaches TikTok or the row`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("full.mp4", bytes: 200_000)
            let worker = try bed.startWorker()
            // 2200 UTF-16 units exactly: the longest caption that is allowed.
            let title = String(repeating: "🦉", count: 1099) + "é!"
            let metadata: JSONValue = [
                "order": 9_007_199_254_740_993, "tags": ["a", "é", "\u{1F989}"],
            ]

            try await bed.push(
                bed.job(
                    "full",
                    account: "mira",
                    video: video.name,
                    [
                        "title": .string(title), "privacy": "MUTUAL_FOLLOW_FRIENDS",
                        "disable_comment": true, "is_aigc": true,
                        "video_cover_timestamp_ms": 1500, "metadata": metadata,
                        "expires_at": "2099-01-01T00:00:00Z", "max_attempts": 3,
                        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                    ]
                )
            )
            let row = try await bed.end(of: "full", worker: worker)

            #expect(row.status == .published)
            let posts = bed.sandbox.report().delivered(titled: title)
            #expect(posts.map(\.privacy) == ["MUTUAL_FOLLOW_FRIENDS"])
            #expect(row.title == title)
            let kept = try await bed.database.query(
                "SELECT metadata::text AS metadata FROM publish_history WHERE job_id = 'full'"
            )
            let text = try #require(try kept.first?.text("metadata"))
            #expect(try JSONValue(parsing: Array(text.utf8)) == metadata)
            bed.expectNoViolation()
            try await bed.expectDrains(worker)
        }
    }

    @Test func `the same id three times is one post and two duplicates`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("once.mp4", bytes: 200_000)
            let job = bed.job("once", account: "mira", video: video.name)
            try await bed.push(job, job, job)

            let worker = try bed.startWorker()
            let row = try await bed.end(of: "once", worker: worker)
            try await waitUntil("two duplicates") {
                try await bed.events(of: "once").count { $0 == "duplicate" } == 2
            }
            // Once more when it is over, with other words.
            try await bed.push(
                bed.job("once", account: "mira", video: video.name, ["title": "Another title"])
            )
            try await waitUntil("a third duplicate") {
                try await bed.events(of: "once").count { $0 == "duplicate" } == 3
            }

            bed.expectPosted(row, video)
            #expect(bed.sandbox.report().posts.count == 1)
            #expect(try await bed.row("once")?.title == TestBed.title(of: "once"))
            try await bed.expectDrains(worker)
        }
    }
}
