import Foundation
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
}
