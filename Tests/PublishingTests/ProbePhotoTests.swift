import Testing

@testable import Publishing

/// JPEG and WebP, byte by byte, as ITU-T T.81, Exif 2.32 and RFC 9649 write them.
struct ProbePhotoTests {
    private func probe(_ bytes: [UInt8]) async throws -> PhotoFacts {
        try await PhotoProbe.facts(of: ProbeSource(bytes))
    }

    // MARK: JPEG

    static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        [0xFF, marker, UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 0xFF)] + body
    }

    /// 1920 wide, 1080 high, three components.
    static func frame(_ marker: UInt8 = 0xC0, height: UInt16 = 1080) -> [UInt8] {
        segment(
            marker,
            [8, UInt8(height >> 8), UInt8(height & 0xFF), 0x07, 0x80, 3]
                + [1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]
        )
    }

    static func exif(_ orientation: UInt8, isLittle: Bool, kind: UInt8 = 3) -> [UInt8] {
        let name = Array("Exif".utf8) + [0, 0]
        let order = [UInt8](repeating: isLittle ? 0x49 : 0x4D, count: 2)
        // A header, a list of two entries at 8, and nothing after it.
        let numbers: [(UInt64, Int)] = [
            (42, 2), (8, 4), (2, 2),
            (0x0100, 2), (4, 2), (1, 4), (99, 4),
            (0x0112, 2), (UInt64(kind), 2), (1, 4), (UInt64(orientation), 2), (0, 2), (0, 4),
        ]
        let bytes = numbers.flatMap { number, width in
            (0..<width).map { place in
                UInt8(
                    truncatingIfNeeded: number >> UInt64(8 * (isLittle ? place : width - 1 - place))
                )
            }
        }
        return segment(0xE1, name + order + bytes)
    }

    static let start: [UInt8] = [0xFF, 0xD8]

    @Test func `the size is in the frame header, wherever that is`() async throws {
        let padding = Self.segment(0xE2, [UInt8](repeating: 0xFF, count: 60_000))
        for before in [
            [], Self.segment(0xE0, [1, 2]), [0xFF, 0xFF, 0xFF], [0xFF, 0x01], padding + padding,
            Self.segment(0xC4, [0]) + Self.segment(0xCC, [0]) + Self.segment(0xDB, [0]),
        ] as [[UInt8]] {
            let facts = try await probe(Self.start + before + Self.frame())

            #expect(facts.size == PictureSize(width: 1920, height: 1080) && facts.damage == nil)
        }
    }

    @Test func `every kind of frame header is known, and which are progressive`() async throws {
        for marker in (0xC0...0xCF) as ClosedRange<UInt8>
        where ![0xC4, 0xC8, 0xCC].contains(marker) {
            let facts = try await probe(Self.start + Self.frame(marker))

            #expect(facts.size?.width == 1920)
            #expect(facts.isProgressive == [0xC2, 0xC6, 0xCA, 0xCE].contains(marker))
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt8>)
    func `the orientation swaps the sides from 5 on`(_ orientation: UInt8) async throws {
        for isLittle in [true, false] {
            let exif = Self.exif(orientation, isLittle: isLittle)
            let facts = try await probe(Self.start + exif + Self.frame())

            #expect(facts.orientation == Int(orientation))
            #expect(facts.size?.width == (orientation >= 5 ? 1080 : 1920))
        }
    }

    @Test func `an orientation that makes no sense is none`() async throws {
        let wild = Array("Exif".utf8) + [0, 0, 0x4D, 0x4D, 0, 42]
        for exif in [
            Self.exif(0, isLittle: true), Self.exif(9, isLittle: false),
            Self.exif(6, isLittle: true, kind: 2),
            // Lists that are nowhere, or have no end.
            Self.segment(0xE1, wild + [0xFF, 0xFF, 0xFF, 0xFF]),
            Self.segment(0xE1, wild + [0, 0, 0, 8, 0xFF, 0xFF]), Self.segment(0xE1, wild),
            Self.segment(0xE1, Array("http://ns.adobe.com/xap/1.0/".utf8) + [0]),
        ] {
            let facts = try await probe(Self.start + exif + Self.frame())

            #expect(facts.orientation == nil && facts.size?.width == 1920)
        }
    }

    @Test func `a height told later is not known`() async throws {
        let facts = try await probe(Self.start + Self.frame(height: 0))

        #expect(facts.size == nil && MediaRules.refusals(of: facts).isEmpty)
    }

    @Test func `a JPEG without a frame header is damaged`() async throws {
        let first: [UInt8] = [0xFF, 0xE0, 0, 2]
        let cases: [([UInt8], MediaDamage)] = [
            (Self.segment(0xDA, [0]), .noIndex("SOF")), ([0xFF, 0xD9], .noIndex("SOF")),
            ([0x12, 0x34], .broken(at: 6)), ([0xFF, 0xE1, 0, 1], .broken(at: 6)),
            ([0xFF, 0xC0, 0, 4, 1, 2], .broken(at: 6)), ([], .cutOff(missingBytes: 1)),
            ([0xFF, 0xE1, 0, 10, 1], .cutOff(missingBytes: 7)),
            (Self.frame().dropLast(4), .cutOff(missingBytes: 4)),
        ]
        for (bytes, damage) in cases {
            #expect(try await probe(Self.start + first + bytes).damage == damage)
        }
    }

    // MARK: WebP

    static func webP(_ type: String, _ body: [UInt8], length: Int? = nil) -> [UInt8] {
        let size = length ?? body.count + 12
        let sizes = [size, body.count].map { size in
            (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
        }
        return Array("RIFF".utf8) + sizes[0] + Array("WEBP".utf8) + Array(type.utf8) + sizes[1]
            + body
    }

    /// 1000 wide and 1500 high, each as its kind writes it.
    static let kinds: [(String, [UInt8])] = [
        // The upper two bits of each side ask for scaling.
        ("VP8 ", [0, 0, 0, 0x9D, 0x01, 0x2A, 0xE8, 0x43, 0xDC, 0x85]),
        // 999 | 1499 << 14, and bits above that mean something else.
        ("VP8L", [0x2F, 0xE7, 0xC3, 0x76, 0x11, 0, 0, 0, 0, 0]),
        ("VP8X", [0x10, 0, 0, 0, 0xE7, 0x03, 0, 0xDB, 0x05, 0]),
    ]

    @Test(arguments: kinds)
    func `each kind of WebP says its size`(_ kind: String, _ body: [UInt8]) async throws {
        let facts = try await probe(Self.webP(kind, body))

        #expect(facts.kind == .webP && facts.damage == nil && !facts.isAnimated)
        #expect(facts.size == PictureSize(width: 1000, height: 1500))
    }

    @Test func `an animated WebP is refused`() async throws {
        let facts = try await probe(Self.webP("VP8X", [0x02, 0, 0, 0, 9, 0, 0, 9, 0, 0]))

        #expect(facts.isAnimated && MediaRules.refusals(of: facts) == [.animated])
    }

    @Test func `a WebP that is cut off or wrong is damaged`() async throws {
        let body = Self.kinds[2].1
        let cases: [([UInt8], MediaDamage)] = [
            (Self.webP("VP8X", body).dropLast(4), .cutOff(missingBytes: 4)),
            (Self.webP("VP8X", body, length: 0xFFFF_FFFF), .cutOff(missingBytes: 4_294_967_273)),
            (Self.webP("VP8 ", [0, 0, 0, 1, 2, 3, 4, 5, 6, 7]), .broken(at: 12)),
            (Self.webP("VP8L", [0, 0, 0, 0, 0]), .broken(at: 12)),
            (Self.webP("ICCP", body), .broken(at: 12)), (Self.webP("VP8X", [2]), .broken(at: 12)),
        ]
        for (bytes, damage) in cases {
            #expect(try await probe(bytes).damage == damage)
        }
    }
}
