import Files
import Foundation
import Support
import Testing
import TikTok

@testable import Publishing

/// Files that were made to hurt: no crash, no loop, and no more reads than promised.
@Suite(.timeLimit(.minutes(10)))
struct ProbeHostileTests {
    static let isLong = ProcessInfo.processInfo.environment["LONG_TESTS"] != nil

    /// Probes as a video and as a photo, and judges both.
    private func probe(_ bytes: [UInt8]) async throws -> [MediaRefusal] {
        let source = ProbeSource(bytes)
        let facts = try await VideoProbe.facts(of: source)
        #expect(source.isWithinBounds)
        let photoSource = ProbeSource(bytes)
        let photo = try await PhotoProbe.facts(of: photoSource)
        #expect(photoSource.isWithinBounds)
        _ = Failure.mediaRefused("photo", MediaRules.refusals(of: photo))
        let refusals = MediaRules.refusals(of: facts)
        _ = Failure.mediaRefused("video", refusals)
        return refusals
    }

    // MARK: Cut off

    @Test(arguments: ["tail-moov.mp4", "front-moov.mp4", "with-audio.mp4", "vp8.webm", "vp9.webm"])
    func `a video cut off anywhere is refused`(_ name: String) async throws {
        let bytes = try Samples.bytes(name)

        for count in 0..<bytes.count {
            let refusals = try await probe(Array(bytes.prefix(count)))
            #expect(!refusals.isEmpty, "\(count) of \(bytes.count) bytes")
        }
        #expect(try await probe(bytes).isEmpty)
    }

    @Test(arguments: Samples.names)
    func `any file cut off anywhere is probed to an end`(_ name: String) async throws {
        let bytes = try Samples.bytes(name)
        for count in stride(from: 0, to: bytes.count, by: Self.isLong ? 1 : 11) {
            _ = try await probe(Array(bytes.prefix(count)))
        }
    }

    // MARK: Changed

    struct Format: Sendable, CustomTestStringConvertible {
        let name: String
        let endings: [String]
        let words: [String]
        var testDescription: String { name }
    }

    static let formats = [
        Format(
            name: "MP4",
            endings: [".mp4", ".mov", ".avif"],
            words: [
                "moov", "mdat", "moof", "trak", "stts", "stsd", "elst", "sidx", "mfra", "tfra",
                "trun", "tfhd", "mvex", "\0\0\0\u{1}", "\0\0\0\0", "\0\0\0\u{8}free",
            ]
        ),
        Format(name: "WebM", endings: [".webm", ".mkv"], words: ["V_VP9", "matroska", "\u{1}"]),
        Format(name: "JPEG", endings: [".jpg"], words: ["Exif\0\0", "II", "MM", "\0*"]),
        Format(name: "WebP", endings: [".webp"], words: ["VP8X", "VP8L", "VP8 ", "RIFF", "WEBP"]),
    ]

    @Test(arguments: formats)
    func `a file changed at random is probed to an end, within the budget`(
        _ format: Format
    ) async throws {
        let names = Samples.names.filter { name in format.endings.contains { name.hasSuffix($0) } }
        let files = try names.map { try Samples.bytes($0) }

        try await Fuzzer(format.name, corpus: files, words: format.words).run(rounds: 1000) {
            try await BrokenPromise.unless(isBounded($0), "it read more than it may")
        }
    }

    @Test func `bytes at random behind each beginning are probed to an end`() async throws {
        let beginnings: [[UInt8]] = [
            TestMovie().fileType, TestMovie().fileType + [0, 0, 3, 0xE8] + Array("moov".utf8),
            [0x1A, 0x45, 0xDF, 0xA3], ProbeWebMTests.header() + [0x18, 0x53, 0x80, 0x67],
            [0xFF, 0xD8, 0xFF], Array("RIFF".utf8) + [255, 0, 0, 0] + Array("WEBPVP8X".utf8), [],
        ]
        var mutator = Mutator(seed: 4711)
        let inputs = beginnings.flatMap { beginning in
            (0..<200).map { _ in beginning + mutator.bytes(1000) }
        }

        try await Fuzzer("beginnings", corpus: inputs).run(rounds: 100) {
            try await BrokenPromise.unless(isBounded($0), "it read more than it may")
        }
    }

    /// Probes as a video and as a photo; false when that costs more than promised.
    private func isBounded(_ bytes: [UInt8]) async throws -> Bool {
        let video = ProbeSource(bytes)
        let photo = ProbeSource(bytes)
        let facts = try await VideoProbe.facts(of: video)
        let words = MediaRules.refusals(of: facts).map(\.finding)
        let photoFacts = try await PhotoProbe.facts(of: photo)
        let more = MediaRules.refusals(of: photoFacts).map(\.finding)
        return video.isWithinBounds && photo.isWithinBounds
            && (words + more).allSatisfy { $0.utf8.count < 500 }
    }

    // MARK: Endless

    static let floods: [(String, [UInt8])] = {
        let movie = TestMovie()
        let empty = Box.make("free")
        func many(_ count: Int, _ bytes: [UInt8]) -> [UInt8] {
            Array((0..<count).map { _ in bytes }.joined())
        }
        let apart = Box.make("free", [UInt8](repeating: 0, count: 10_000))
        let element = ProbeWebMTests.element([0xEC], [])
        return [
            ("boxes", movie.fileType + many(15_000, empty) + movie.index),
            ("boxes far apart", movie.fileType + many(200, apart) + movie.index),
            ("boxes in the index", movie.fileType + Box.make("moov", many(15_000, empty))),
            ("tracks", movie.fileType + Box.make("moov", many(2000, movie.track(1)))),
            ("zeros", movie.fileType + [UInt8](repeating: 0, count: 2_000_000)),
            ("elements", ProbeWebMTests.file(many(15_000, element))),
            ("tracks of WebM", ProbeWebMTests.file(many(15_000, ProbeWebMTests.tracks()))),
            ("fill bytes", [UInt8](repeating: 0xFF, count: 2_000_000).replacing(1, with: 0xD8)),
            (
                "segments",
                ProbePhotoTests.start
                    + many(40, ProbePhotoTests.segment(0xE1, [UInt8](repeating: 1, count: 65_000)))
            ),
        ]
    }()

    @Test(arguments: floods.map(\.0))
    func `a flood ends within the budget`(_ name: String) async throws {
        let (_, bytes) = try #require(Self.floods.first { $0.0 == name })
        let source = ProbeSource(bytes)

        let facts = try await VideoProbe.facts(of: source)

        #expect(source.isWithinBounds && facts.damage != .broken(at: 0))
        _ = try await probe(bytes)
    }

    // MARK: Huge

    @Test func `the index at the end of four gigabytes costs less than a megabyte`() async throws {
        var movie = TestMovie()
        // The index of an hour: larger than what is read ahead.
        movie.runs = (0..<30_000).map { (frames: 3, length: 1000 + $0 % 2) }
        let hole: Int64 = 4_294_000_000
        let front = movie.fileType + Box.head("mdat", bytes: UInt64(hole) + 16)
        let source = ProbeSource(front, hole: hole, movie.index)

        let facts = try await VideoProbe.facts(of: source)

        #expect(facts.damage == nil && facts.frameRate.map(\.mean).isNear(29.985))
        #expect(facts.seconds.isNear(90_045_000.0 / 30_000))
        #expect(MediaRules.refusals(of: facts).isEmpty)
        #expect(source.bytesRead < 1_000_000 && source.reads <= 8)
    }

    @Test func `a sparse file of four gigabytes is opened`() async throws {
        try await Scratch.with { folder in
            let movie = TestMovie()
            let path = folder + "/large.mp4"
            let hole: UInt64 = 4_294_000_000
            try WholeFile.write(movie.fileType + Box.head("mdat", bytes: hole + 16), to: path)
            let handle = try FileHandle(forWritingTo: URL(filePath: path))
            try handle.seek(toOffset: UInt64(movie.fileType.count) + 16 + hole)
            try handle.write(contentsOf: movie.index)
            try handle.close()

            let media = Media(root: try MediaDirectory(path: folder), remote: .unused)
            let video = try await media.open(.path("large.mp4"))

            #expect(video.seconds == 10 && video.container == .mp4)
        }
    }

    // MARK: Sources that fail

    @Test func `a source that cannot be read stops the job as the source says`() async throws {
        for (source, code) in [
            (BrokenSource(stop: .failed(.mediaUnreadable("pread"))), "media_unreadable"),
            (BrokenSource(stop: nil), "media_changed"),
        ] {
            let stop = await #expect(throws: Stop.self) { try await VideoProbe.facts(of: source) }
            let photoStop = await #expect(throws: Stop.self) {
                try await PhotoProbe.facts(of: source)
            }
            #expect(stop?.failureCode == code && photoStop?.failureCode == code)
        }
    }
}

extension [UInt8] {
    fileprivate func replacing(_ place: Int, with value: UInt8) -> [UInt8] {
        var copy = self
        copy[place] = value
        return copy
    }
}

extension Stop {
    /// Of the failure that the stop carries.
    var failureCode: String? {
        switch self {
        case .refused(let failure), .failed(let failure): failure.code
        default: nil
        }
    }
}
