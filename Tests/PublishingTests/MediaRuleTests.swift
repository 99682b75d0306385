import Testing
import TikTok

@testable import Publishing

/// What TikTok takes: each limit at its edge, and nothing refused that is not certain.
struct MediaRuleTests {
    private func facts(_ change: (inout VideoFacts) -> Void = { _ in }) -> VideoFacts {
        var facts = VideoFacts(kind: .mp4, bytes: 1000)
        facts.codec = VideoCodec("avc1")
        facts.coded = PictureSize(width: 720, height: 1280)
        facts.displayed = facts.coded
        facts.frameRate = FrameRate(mean: 30, usual: 30)
        facts.hasPictures = true
        facts.seconds = 10
        change(&facts)
        return facts
    }

    private func codes(_ change: (inout VideoFacts) -> Void) -> [String] {
        MediaRules.refusals(of: facts(change)).map(\.code)
    }

    @Test func `what is not known is not refused`() {
        #expect(MediaRules.refusals(of: VideoFacts(kind: .mp4, bytes: 1)).isEmpty)
        #expect(MediaRules.refusals(of: VideoFacts(kind: .webM, bytes: 1)).isEmpty)
        #expect(MediaRules.refusals(of: PhotoFacts(kind: .jpeg, bytes: 1)).isEmpty)
        #expect(MediaRules.refusal(ofSeconds: nil, most: 60) == nil)
        #expect(MediaRules.refusal(ofSeconds: 1e9, most: nil) == nil)
        #expect(MediaRules.refusal(ofSeconds: 1e9, most: 0) == nil)
        #expect(codes { $0.codec = VideoCodec("new1") }.isEmpty)
    }

    @Test(arguments: [
        (22.89, false), (22.9, true), (23.976, true), (59.94, true), (60.01, true), (60.5, true),
        (60.51, false), (0.1, false), (1000, false),
    ])
    func `frame rates are taken with some tolerance`(_ rate: Double, _ isTaken: Bool) {
        #expect(codes { $0.frameRate = FrameRate(mean: rate, usual: rate) }.isEmpty == isTaken)
        #expect(codes { $0.frameRate = FrameRate(mean: rate, usual: nil) }.isEmpty == isTaken)
    }

    @Test func `an uneven frame rate is refused only where no way to count it is right`() {
        #expect(codes { $0.frameRate = FrameRate(mean: 15, usual: 30) }.isEmpty)
        #expect(codes { $0.frameRate = FrameRate(mean: 30, usual: 15) }.isEmpty)
        #expect(codes { $0.frameRate = FrameRate(mean: 15, usual: 240) } == ["media_frame_rate"])
    }

    @Test(arguments: [
        (360, 360, true), (4096, 4096, true), (359, 640, false), (640, 359, false),
        (4097, 1080, false), (1080, 4097, false),
    ])
    func `each side of a video has its limits`(_ width: Int, _ height: Int, _ isTaken: Bool) {
        let size = PictureSize(width: width, height: height)
        let both = codes {
            $0.coded = size
            $0.displayed = size
        }
        #expect(both == (isTaken ? [] : ["media_picture_size"]))
        // Stored or shown: TikTok does not say which one it measures.
        #expect(codes { $0.coded = size }.isEmpty && codes { $0.displayed = size }.isEmpty)
    }

    @Test(arguments: [
        ("avc1", true), ("avc3", true), ("hvc1", true), ("hev1", true), ("dvh1", true),
        ("dvhe", true), ("vp08", true), ("vp09", true), ("av01", false), ("mp4v", false),
        ("apch", false), ("apcn", false), ("apcs", false), ("apco", false), ("ap4h", false),
        ("jpeg", false), ("mjpa", false), ("mjpb", false), ("encv", false),
    ])
    func `codecs are known by their four letters`(_ id: String, _ isTaken: Bool) {
        #expect(codes { $0.codec = VideoCodec(id) } == (isTaken ? [] : ["media_codec"]))
    }

    @Test func `sizes are read liberally`() {
        let video = UploadLimits.videoBytesMax
        #expect(MediaRules.refusals(of: VideoFacts(kind: .mp4, bytes: video)).isEmpty)
        #expect(
            MediaRules.refusals(of: VideoFacts(kind: .mp4, bytes: video + 1)) == [
                .tooLarge(4_294_967_297, most: 4_294_967_296)
            ]
        )
        let photo = UploadLimits.photoBytesMax
        #expect(MediaRules.refusals(of: PhotoFacts(kind: .jpeg, bytes: photo)).isEmpty)
        #expect(MediaRules.refusals(of: PhotoFacts(kind: .webP, bytes: photo + 1)).count == 1)
    }

    @Test(arguments: [(600, true), (600.9, true), (601, false), (3600, false)])
    func `a video may be as long as its creator's settings say`(_ seconds: Double, _ isTaken: Bool)
    {
        let refusal = MediaRules.refusal(ofSeconds: seconds, most: 600)

        #expect((refusal == nil) == isTaken)
    }

    @Test(arguments: [
        (1080, 1920, true), (1920, 1080, true), (1080, 1080, true), (1080, 5000, true),
        (1081, 1920, false), (1920, 1081, false), (4000, 3000, false), (1, 1, true),
    ])
    func `a photo's shorter side has its limit`(_ width: Int, _ height: Int, _ isTaken: Bool) {
        var facts = PhotoFacts(kind: .jpeg, bytes: 1)
        facts.size = PictureSize(width: width, height: height)

        #expect(MediaRules.refusals(of: facts).isEmpty == isTaken)
    }

    // MARK: Words

    @Test func `a refusal names file, measure, limit and remedy`() {
        let refusals = MediaRules.refusals(
            of: facts {
                $0.frameRate = FrameRate(mean: 15.0015, usual: nil)
                $0.coded = PictureSize(width: 200, height: 100)
                $0.displayed = nil
                $0.codec = VideoCodec("av01")
            }
        )

        let failure = Failure.mediaRefused("clips/a.mp4", refusals)

        #expect(failure.code == "media_codec" && failure.owner == .upstream)
        #expect(
            failure.message == """
                clips/a.mp4: The pictures are encoded as AV1; TikTok takes H.264, H.265, VP8, VP9. \
                The picture has 200 × 100 pixels; TikTok takes 360 to 4096 pixels a side. \
                The video has 15 frames a second; TikTok takes 23 to 60.
                """
        )
        #expect(
            failure.action == """
                Export the video as MP4 with H.264. Export it with 360 to 4096 pixels a side. \
                Export it at 23 to 60 frames a second, then \(Failure.again).
                """
        )
    }

    @Test(
        arguments: [
            (59.9, "59.9"), (23.976, "23.98"), (1.004, "1"), (12.05, "12.05"), (0.001, "0"),
            (1e300, "a huge number of"), (.infinity, "a huge number of"),
        ] as [(Double, String)]
    )
    func `measures are rounded for people`(_ number: Double, _ text: String) {
        #expect(MediaRefusal.frameRate(number).finding.hasPrefix("The video has \(text) frames"))
    }

    @Test func `the name of a photo says which one it is`() {
        let failure = Failure.mediaRefused("photos[2] b.webp", [.animated])

        #expect(failure.message.hasPrefix("photos[2] b.webp: The picture is animated"))
    }

    @Test func `a hostile name is shown without what is hostile in it`() {
        let name = "a\u{1B}[2J\n\u{202E}4pm.exe" + String(repeating: "x", count: 5000)
        let message = Failure.mediaRefused(name, [.animated]).message

        #expect(message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
        #expect(!message.contains("\u{202E}") && message.count < 300)
    }
}
