import Files
import Foundation
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
}
