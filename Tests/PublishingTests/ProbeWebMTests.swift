import Testing

@testable import Publishing

/// WebM, element by element, as RFC 8794 and RFC 9559 write them.
struct ProbeWebMTests {
    /// One element; its length in one byte where that is enough, else in eight.
    static func element(_ id: [UInt8], _ parts: [UInt8]...) -> [UInt8] {
        let body = Array(parts.joined())
        let length =
            body.count < 127
            ? [0x80 | UInt8(body.count)]
            : [0x01] + (0..<7).map { UInt8(truncatingIfNeeded: body.count >> (48 - 8 * $0)) }
        return id + length + body
    }

    static func header(_ type: String = "webm") -> [UInt8] {
        element([0x1A, 0x45, 0xDF, 0xA3], element([0x42, 0x82], Array(type.utf8)))
    }

    static func info(_ duration: [UInt8]?, scale: [UInt8]? = nil) -> [UInt8] {
        element(
            [0x15, 0x49, 0xA9, 0x66],
            scale.map { element([0x2A, 0xD7, 0xB1], $0) } ?? [],
            duration.map { element([0x44, 0x89], $0) } ?? []
        )
    }

    static func bits(_ value: Double) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(56 - 8 * $0)) }
    }

    static func track(
        codec: String = "V_VP9",
        type: UInt8 = 1,
        display: [UInt8] = [],
        more: [UInt8] = []
    ) -> [UInt8] {
        element(
            [0xAE],
            element([0xD7], [1]),
            element([0x83], [type]),
            element([0x86], Array(codec.utf8)),
            more,
            element([0xE0], element([0xB0], [0x02, 0xD0]), element([0xBA], [0x05, 0x00]), display)
        )
    }

    static func tracks(_ tracks: [UInt8]...) -> [UInt8] {
        element([0x16, 0x54, 0xAE, 0x6B], Array(tracks.joined()))
    }

    static let cluster = element([0x1F, 0x43, 0xB6, 0x75], element([0xE7], [0]))

    static func file(_ parts: [UInt8]...) -> [UInt8] {
        header() + element([0x18, 0x53, 0x80, 0x67], Array(parts.joined()))
    }

    private func probe(_ bytes: [UInt8]) async throws -> VideoFacts {
        try await VideoProbe.facts(of: ProbeSource(bytes))
    }

    @Test func `length, size, codec and frame rate are read`() async throws {
        let rate = Self.element([0x23, 0xE3, 0x83], [0x01, 0xFC, 0xA0, 0x55])
        let facts = try await probe(
            Self.file(
                Self.info(Self.bits(12_500)),
                Self.tracks(Self.track(more: rate)),
                Self.cluster
            )
        )

        #expect(facts.kind == .webM && facts.damage == nil && facts.seconds == 12.5)
        #expect(facts.codec == VideoCodec("V_VP9"))
        #expect(facts.coded == PictureSize(width: 720, height: 1280))
        #expect(facts.displayed == facts.coded)
        #expect(facts.frameRate.map(\.mean).isNear(30))
    }

    @Test func `durations are floats of four or eight bytes, in units of the scale`() async throws {
        let single = Float(2500).bitPattern
        let four = (0..<4).map { UInt8(truncatingIfNeeded: single >> UInt32(24 - 8 * $0)) }
        let cases: [([UInt8]?, [UInt8]?, Double?)] = [
            (four, nil, 2.5), (four, [0x01, 0x86, 0xA0], 0.25), (Self.bits(2500), [0], nil),
            (nil, nil, nil), ([], nil, nil), ([1, 2], nil, nil), (Self.bits(.nan), nil, nil),
            (Self.bits(.infinity), nil, nil), (Self.bits(-1), nil, nil), (Self.bits(0), nil, nil),
        ]
        for (duration, scale, seconds) in cases {
            let facts = try await probe(
                Self.file(
                    Self.info(duration, scale: scale),
                    Self.tracks(Self.track()),
                    Self.cluster
                )
            )
            #expect(facts.seconds == seconds && facts.damage == nil)
        }
    }

    @Test func `a shape that is no size in pixels is not taken for one`() async throws {
        let pixels =
            Self.element([0x54, 0xB0], [0x05, 0xA0]) + Self.element([0x54, 0xBA], [0xF0])
        let shape = pixels + Self.element([0x54, 0xB2], [3])
        for (display, size) in [
            (pixels, PictureSize(width: 1440, height: 240)), (shape, nil),
        ] as [([UInt8], PictureSize?)] {
            let facts = try await probe(
                Self.file(Self.info(nil), Self.tracks(Self.track(display: display)), Self.cluster)
            )
            #expect(facts.displayed == size)
        }
    }

    @Test(arguments: [
        ("V_VP8", true), ("V_VP9", true), ("V_AV1", false), ("V_MPEG4/ISO/AVC", false),
        ("V_MPEGH/ISO/HEVC", false), ("V_THEORA", false),
        // Nobody here knows it; TikTok may.
        ("V_SOMETHING_NEW", true),
    ])
    func `a codec is refused when it is certain that TikTok does not take it`(
        _ codec: String,
        _ isTaken: Bool
    ) async throws {
        let facts = try await probe(
            Self.file(Self.info(nil), Self.tracks(Self.track(codec: codec)), Self.cluster)
        )

        #expect(MediaRules.refusals(of: facts).isEmpty == isTaken)
    }

    @Test func `a live stream's lengths are not known, and it is read all the same`() async throws {
        let unknown: [UInt8] = [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        let segment = [0x18, 0x53, 0x80, 0x67] + unknown
        let cluster = [0x1F, 0x43, 0xB6, 0x75] + unknown + Self.element([0xE7], [0])
        let facts = try await probe(
            Self.header() + segment + Self.info(nil) + Self.tracks(Self.track()) + cluster
        )

        #expect(facts.codec == VideoCodec("V_VP9") && facts.seconds == nil)
        #expect(MediaRules.refusals(of: facts).isEmpty)
    }

    @Test func `Matroska is not WebM`() async throws {
        let facts = try await probe(Self.header("matroska") + Self.file(Self.info(nil)))

        #expect(MediaRules.refusals(of: facts) == [.notAVideo(.matroska)])
    }

    static let damages: [(String, [UInt8], MediaDamage)] = {
        let good = file(info(nil), tracks(track()), cluster)
        let list = tracks(track())
        let start = Int64(header().count + 5)
        return [
            ("cut off", Array(good.dropLast(3)), .cutOff(missingBytes: 3)),
            ("no tracks", file(info(nil), cluster), .noIndex("Tracks")),
            ("no clusters", file(info(nil), list), .noContent),
            ("no segment", header(), .noIndex("Segment")),
            ("an id of zeros", file([0, 0, 0, 0]), .broken(at: start)),
            ("a length of zeros", file([0xEC, 0]), .broken(at: start)),
            (
                "a track larger than the list",
                file(info(nil), [0x16, 0x54, 0xAE, 0x6B, 0x82, 0xAE, 0x90], cluster),
                .broken(at: start + Int64(info(nil).count) + 5)
            ),
        ]
    }()

    @Test(arguments: damages.map(\.0))
    func `a broken file is refused with what is broken`(_ name: String) async throws {
        let (_, bytes, damage) = try #require(Self.damages.first { $0.0 == name })

        #expect(try await probe(bytes).damage == damage)
    }
}
