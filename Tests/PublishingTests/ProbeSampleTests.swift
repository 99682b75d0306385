import Testing
import TikTok

@testable import Publishing

/// Files of real encoders: what the probe finds is what the encoder was told.
struct ProbeSampleTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let name: String
        var kind = MediaKind.mp4
        var codec: String? = "H.264"
        var size: PictureSize? = PictureSize(width: 360, height: 640)
        var shown: PictureSize?
        var rotation: Int? = 0
        var seconds: Double? = 2
        var rate: Double? = 30
        var isFragmented = false
        /// Codes of the refusals.
        var refusals: [String] = []
        var testDescription: String { name }
    }

    private static func size(_ width: Int, _ height: Int) -> PictureSize {
        PictureSize(width: width, height: height)
    }

    static let samples: [Sample] = [
        Sample(name: "tail-moov.mp4"),
        Sample(name: "front-moov.mp4"),
        Sample(name: "with-audio.mp4", seconds: 1),
        Sample(name: "turned-90.mp4", shown: size(640, 360), rotation: 90),
        Sample(name: "turned-180.mp4", rotation: 180),
        Sample(name: "turned-270.mp4", shown: size(640, 360), rotation: 270),
        Sample(name: "quicktime.mov", kind: .quickTime, rate: 30_000.0 / 1001),
        Sample(name: "fragmented.mp4", seconds: 4, isFragmented: true),
        Sample(name: "fragmented-first-in-moov.mp4", seconds: 4, isFragmented: true),
        Sample(name: "fragmented-no-mfra.mp4", seconds: 4, isFragmented: true),
        Sample(name: "directory.mp4", seconds: 4, isFragmented: true),
        Sample(name: "directories.mp4", seconds: 4, isFragmented: true),
        Sample(name: "ntsc-film.mp4", rate: 24_000.0 / 1001),
        Sample(name: "rate-59.94.mp4", seconds: 1, rate: 60_000.0 / 1001),
        Sample(name: "rate-60.mp4", seconds: 1, rate: 60),
        Sample(name: "rate-120.mp4", seconds: 1, rate: 120, refusals: ["media_frame_rate"]),
        Sample(name: "rate-15.mp4", seconds: 1, rate: 15, refusals: ["media_frame_rate"]),
        Sample(
            name: "small.mp4",
            size: size(320, 240),
            seconds: 1,
            refusals: ["media_picture_size"]
        ),
        Sample(name: "wide-pixels.mp4", size: size(640, 360), shown: size(1280, 360), seconds: 1),
        Sample(name: "edited.mp4"),
        // A mean below TikTok's 23, though most frames are shown for a thirtieth.
        Sample(name: "variable.mp4", seconds: 1.967, rate: 22.88),
        Sample(name: "h265.mp4", codec: "H.265", seconds: 1),
        Sample(name: "vp9.mp4", codec: "VP9", seconds: 1),
        Sample(name: "av1.mp4", codec: "AV1", seconds: 1, refusals: ["media_codec"]),
        Sample(name: "mpeg4.mp4", codec: "MPEG-4 Part 2", seconds: 0.2, refusals: ["media_codec"]),
        Sample(
            name: "prores.mov",
            kind: .quickTime,
            codec: "ProRes",
            seconds: 0.1,
            refusals: ["media_codec"]
        ),
        Sample(
            name: "mjpeg.mov",
            kind: .quickTime,
            codec: "Motion JPEG",
            seconds: 0.1,
            refusals: ["media_codec"]
        ),
        Sample(name: "vp8.webm", kind: .webM, codec: "VP8", rotation: nil, seconds: 1),
        Sample(name: "vp9.webm", kind: .webM, codec: "VP9", rotation: nil, seconds: 1),
        Sample(name: "piped.webm", kind: .webM, codec: "VP9", rotation: nil, seconds: nil),
        Sample(name: "live.webm", kind: .webM, codec: "VP9", rotation: nil, seconds: nil),
        Sample(
            name: "av1.webm",
            kind: .webM,
            codec: "AV1",
            rotation: nil,
            seconds: 1,
            refusals: ["media_codec"]
        ),
    ]

    @Test(arguments: samples)
    func `a video says what its encoder was told`(_ sample: Sample) async throws {
        let source = ProbeSource(try Samples.bytes(sample.name))

        let facts = try await VideoProbe.facts(of: source)

        #expect(facts.kind == sample.kind && facts.damage == nil && facts.hasPictures == true)
        #expect(facts.codec?.name == sample.codec)
        #expect(facts.coded == sample.size)
        #expect(facts.displayed == sample.shown ?? sample.size)
        #expect(facts.rotation == sample.rotation)
        #expect(facts.seconds.isNear(sample.seconds))
        #expect(facts.frameRate.map(\.mean).isNear(sample.rate))
        #expect(facts.isFragmented == sample.isFragmented)
        #expect(MediaRules.refusals(of: facts).map(\.code) == sample.refusals)
        #expect(source.reads == 1)
    }

    @Test(arguments: [("sound-only.mp4", MediaKind.mp4), ("sound-only.webm", .webM)])
    func `a file without pictures is no video`(_ name: String, _ kind: MediaKind) async throws {
        let facts = try await VideoProbe.facts(of: ProbeSource(try Samples.bytes(name)))

        #expect(facts.kind == kind && facts.hasPictures == false && facts.damage == nil)
        #expect(MediaRules.refusals(of: facts) == [.noPictures])
    }

    struct Photo: Sendable, CustomTestStringConvertible {
        let name: String
        var kind = MediaKind.jpeg
        var size = PictureSize(width: 640, height: 360)
        var orientation: Int?
        var isProgressive = false
        var isAnimated = false
        var testDescription: String { name }
    }

    static let photos: [Photo] = [
        Photo(name: "baseline.jpg"), Photo(name: "grey.jpg"),
        Photo(name: "progressive.jpg", isProgressive: true),
        Photo(name: "turned-1.jpg", orientation: 1), Photo(name: "turned-3.jpg", orientation: 3),
        Photo(name: "turned-6.jpg", size: size(360, 640), orientation: 6),
        Photo(name: "turned-8.jpg", size: size(360, 640), orientation: 8),
        Photo(name: "lossy.webp", kind: .webP), Photo(name: "lossless.webp", kind: .webP),
        Photo(name: "alpha.webp", kind: .webP),
        Photo(name: "animated.webp", kind: .webP, isAnimated: true),
    ]

    @Test(arguments: photos)
    func `a photo says what its encoder was told`(_ photo: Photo) async throws {
        let source = ProbeSource(try Samples.bytes(photo.name))

        let facts = try await PhotoProbe.facts(of: source)

        #expect(facts.kind == photo.kind && facts.damage == nil)
        #expect(facts.size == photo.size && facts.orientation == photo.orientation)
        #expect(facts.isProgressive == photo.isProgressive)
        #expect(MediaRules.refusals(of: facts) == (photo.isAnimated ? [.animated] : []))
        #expect(source.reads == 1)
    }

    static let strangers: [(String, MediaKind)] = [
        ("picture.png", .png), ("picture.gif", .gif), ("picture.tiff", .tiff),
        ("picture.bmp", .bmp), ("picture.avif", .avif), ("matroska.mkv", .matroska),
        ("video.avi", .avi), ("video.flv", .flash), ("stream.ts", .mpegStream),
    ]

    @Test(arguments: strangers)
    func `a file of another kind is refused by its name`(
        _ name: String,
        _ kind: MediaKind
    ) async throws {
        let bytes = try Samples.bytes(name)

        let video = try await VideoProbe.facts(of: ProbeSource(bytes))
        let photo = try await PhotoProbe.facts(of: ProbeSource(bytes))

        #expect(video.kind == kind)
        #expect(MediaRules.refusals(of: video) == [.notAVideo(kind)])
        let words = try #require(kind.words)
        #expect(MediaRefusal.notAVideo(kind).finding.contains(words))
        #expect(MediaRules.refusals(of: photo).map(\.code) == ["media_type_unknown"])
    }

    @Test func `every sample has its expectation`() {
        let expected =
            Self.samples.map(\.name) + Self.photos.map(\.name) + Self.strangers.map(\.0)
            + ["sound-only.mp4", "sound-only.webm"]

        #expect(Samples.names == expected.sorted())
    }
}

extension Double? {
    /// Equal but for what a rounded expectation leaves out.
    func isNear(_ other: Double?) -> Bool {
        guard let self, let other else { return self == nil && other == nil }
        return abs(self - other) < 0.005
    }
}
