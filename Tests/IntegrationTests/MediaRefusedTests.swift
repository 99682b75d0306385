import Files
import Foundation
import JSON
import Publishing
import Sandbox
import Support
import Testing

/// Videos that TikTok would refuse after the upload: refused before TikTok is asked for anything.
@Suite(.timeLimit(.minutes(10)))
struct MediaRefusedTests {
    /// What is wrong with a file, how it ends, and a part of what is said of it.
    private static let cases: [(name: String, code: String, says: String, bytes: [UInt8])] = {
        let good = TestMovie()
        func movie(_ change: (inout TestMovie) -> Void) -> [UInt8] {
            var movie = good
            change(&movie)
            return movie.file()
        }
        return [
            ("slow.mp4", "media_frame_rate", "15 frames", movie { $0.runs = [(10, 2000)] }),
            ("tiny.mp4", "media_picture_size", "200 × 1280", movie { $0.width = 200 }),
            ("av1.mp4", "media_codec", "AV1", movie { $0.codec = "av01" }),
            ("sound.mp4", "media_no_pictures", "no video track", movie { $0.handler = "soun" }),
            ("cut.mp4", "media_incomplete", "cut off", good.file().dropLast(7)),
            ("index.mp4", "media_damaged", "moov", good.fileType + Box.make("mdat", [1])),
            (
                "png.mp4", "media_type_unknown", "PNG",
                [137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 9]
            ),
        ]
    }()

    @Test func `each is refused by name, with measure, limit and remedy`() async throws {
        // The minute's limit of one account must not decide how long this takes.
        try await TestBed.run(["INIT_PER_MINUTE": "99"]) { bed in
            try await bed.connect("mira")
            for refused in Self.cases {
                try WholeFile.write(refused.bytes, to: "\(bed.media)/\(refused.name)")
            }
            let worker = try bed.startWorker()

            for refused in Self.cases {
                try await bed.push(bed.job(refused.name, account: "mira", video: refused.name))
            }
            for refused in Self.cases {
                let row = try await bed.end(of: refused.name, worker: worker)
                #expect(row.status == .failed && row.errorOwner == "upstream")
                #expect(row.errorCode == refused.code)
                #expect(row.errorMessage?.hasPrefix("\(refused.name): ") == true)
                #expect(row.errorMessage?.contains(refused.says) == true)
                #expect(row.errorAction?.contains("push the job again") == true)
                #expect(row.publishID == nil)
            }

            #expect(bed.sandbox.report().requests.isEmpty)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a video longer than the creator may post, or than a draft may be, is refused`()
        async throws
    {
        try await TestBed.run { bed in
            try await bed.connect("mira") { $0.maxVideoSeconds = 60 }
            var movie = TestMovie()
            for seconds in [60, 61, 600, 601] as [UInt32] {
                movie.runs = [(frames: seconds * 30, length: 1000)]
                try WholeFile.write(movie.file(), to: "\(bed.media)/\(seconds).mp4")
            }
            let worker = try bed.startWorker()

            for video in ["60", "61"] {
                try await bed.push(bed.job(video, account: "mira", video: "\(video).mp4"))
            }
            for video in ["600", "601"] {
                let draft: [String: JSONValue] = ["mode": "draft", "privacy": .null]
                try await bed.push(bed.job(video, account: "mira", video: "\(video).mp4", draft))
            }

            for (job, most) in [("61", "60"), ("601", "600")] {
                let row = try await bed.end(of: job, worker: worker)
                #expect(row.status == .failed && row.errorCode == "media_too_long")
                #expect(
                    row.errorMessage == "\(job).mp4: The video is \(job) seconds long; "
                        + "TikTok takes at most \(most) for this post."
                )
            }
            #expect(try await bed.end(of: "60", worker: worker).status == .published)
            #expect(try await bed.end(of: "600", worker: worker).status == .delivered)
            #expect(bed.sandbox.report().requests[.videoInit] == 1)
            #expect(bed.sandbox.report().requests[.inboxInit] == 1)
            try await bed.expectDrains(worker)
        }
    }
}
