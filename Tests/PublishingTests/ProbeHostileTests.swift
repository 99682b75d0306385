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

    @Test(arguments: Samples.names)
    func `a file changed at random is probed to an end`(_ name: String) async throws {
        let bytes = try Samples.bytes(name)
        var mutator = Mutator(seed: UInt64(Samples.names.firstIndex(of: name) ?? 0))
        for _ in 0..<(Self.isLong ? 20_000 : 100) {
            _ = try await probe(mutator.changed(bytes))
        }
    }

    @Test func `bytes at random behind each beginning are probed to an end`() async throws {
        var mutator = Mutator(seed: 4711)
        let beginnings: [[UInt8]] = [
            TestMovie().fileType, TestMovie().fileType + [0, 0, 3, 0xE8] + Array("moov".utf8),
            [0x1A, 0x45, 0xDF, 0xA3], ProbeWebMTests.header() + [0x18, 0x53, 0x80, 0x67],
            [0xFF, 0xD8, 0xFF], Array("RIFF".utf8) + [255, 0, 0, 0] + Array("WEBPVP8X".utf8), [],
        ]
        for beginning in beginnings {
            for _ in 0..<(Self.isLong ? 50_000 : 200) {
                _ = try await probe(beginning + mutator.bytes(1000))
            }
        }
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

/// Changes files as vandals do, the same way every time.
struct Mutator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    /// Xorshift64.
    private mutating func next(below limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(max(1, limit)))
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next(below: 256)) }
    }

    mutating func changed(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0...next(below: 6) where !bytes.isEmpty {
            // The headers are where it hurts.
            let place = next(below: next(below: 4) == 0 ? bytes.count : min(bytes.count, 1500))
            switch next(below: 6) {
            case 0: bytes[place] = UInt8(next(below: 256))
            case 1: bytes[place] ^= 1 << UInt8(next(below: 8))
            case 2: fill(&bytes, from: place, with: [0, 0xFF, 0x7F, 0x80][next(below: 4)])
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + next(below: 9)))
            case 4: bytes.insert(contentsOf: bytes[place...].prefix(next(below: 200)), at: place)
            default: bytes.removeLast(next(below: min(bytes.count, 64)))
            }
        }
        return bytes
    }

    private mutating func fill(_ bytes: inout [UInt8], from place: Int, with value: UInt8) {
        for index in place..<min(bytes.count, place + 1 + next(below: 8)) { bytes[index] = value }
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
