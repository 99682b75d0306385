import Support
import Testing
import TikTok

@testable import Publishing

/// MP4 and QuickTime, box by box: each number where ISO/IEC 14496-12 puts it.
struct ProbeMovieTests {
    private func probe(_ movie: TestMovie) async throws -> VideoFacts {
        try await probe(movie.file())
    }

    private func probe(_ bytes: [UInt8]) async throws -> VideoFacts {
        try await VideoProbe.facts(of: ProbeSource(bytes))
    }

    private func movie(_ change: (inout TestMovie) -> Void) -> TestMovie {
        var movie = TestMovie()
        change(&movie)
        return movie
    }

    @Test(arguments: [0, 1] as [UInt8])
    func `times of 32 and of 64 bits are read`(_ version: UInt8) async throws {
        let facts = try await probe(movie { $0.version = version })

        #expect(facts.seconds == 10 && facts.frameRate == FrameRate(mean: 30, usual: 30))
        #expect(facts.coded == PictureSize(width: 720, height: 1280))
        #expect(facts.displayed == facts.coded && facts.rotation == 0 && facts.damage == nil)
        #expect(facts.hasPictures == true && !facts.isFragmented)
    }

    @Test(
        arguments: [
            ([1, 0, 0, 1], 0), ([0, 1, -1, 0], 90), ([-1, 0, 0, -1], 180), ([0, -1, 1, 0], 270),
            // Mirrored: nobody knows what TikTok makes of it.
            ([-1, 0, 0, 1], nil), ([0, 0, 0, 0], nil),
        ] as [([Int32], Int?)]
    )
    func `a turned picture is shown with its sides swapped`(
        _ matrix: [Int32],
        _ rotation: Int?
    ) async throws {
        let facts = try await probe(movie { $0.matrix = matrix })

        #expect(facts.rotation == rotation)
        let isOnItsSide = rotation == 90 || rotation == 270
        #expect(facts.displayed?.width == (isOnItsSide ? 1280 : 720))
        #expect(facts.coded == PictureSize(width: 720, height: 1280))
    }

    @Test func `where the movie does not know its length, the edit list counts`() async throws {
        for version in [0, 1] as [UInt8] {
            let unknown: UInt64 = version == 0 ? 0xFFFF_FFFF : .max
            let facts = try await probe(
                movie {
                    $0.version = version
                    $0.length = unknown
                    $0.edits = [30_000, 45_000]
                }
            )
            #expect(facts.seconds == 2.5)
        }
    }

    @Test func `without an edit list the media's length counts, and else nothing is known`()
        async throws
    {
        let media = try await probe(
            movie {
                $0.length = 0
                $0.mediaLength = 90_000
            }
        )
        let nothing = try await probe(
            movie {
                $0.length = 0
                $0.mediaLength = 0xFFFF_FFFF
            }
        )

        #expect(media.seconds == 3)
        #expect(nothing.seconds == nil && nothing.damage == nil)
    }

    /// A 60 fps file that was seen: an odd scale, and 43 runs of two lengths.
    @Test func `the frame rate is the mean of all runs`() async throws {
        let runs = (0..<43).map { index -> (frames: UInt32, length: UInt32) in
            index % 2 == 0 ? (2, 256) : (1, 256 - 1)
        }
        let frames = runs.reduce(0) { $0 + Double($1.frames) }
        let length = runs.reduce(0) { $0 + Double($1.frames * $1.length) }

        let facts = try await probe(
            movie {
                $0.unitsPerSecond = 15_353
                $0.runs = runs
            }
        )

        let rate = try #require(facts.frameRate)
        #expect(abs(rate.mean - frames * 15_353 / length) < 1e-9)
        #expect(rate.usual == 15_353.0 / 256)
        #expect(MediaRules.refusals(of: facts).isEmpty)
    }

    @Test func `a frame rate of lengths that cannot be is not believed`() async throws {
        for runs in [[(1, 0xFFFF_FFFF)], [(5, 0)], [(0, 5)], []] as [[(UInt32, UInt32)]] {
            let facts = try await probe(
                movie { $0.runs = runs.map { (frames: $0.0, length: $0.1) } }
            )
            #expect(facts.frameRate == nil && facts.damage == nil)
        }
    }

    /// 70,000 runs are 560,000 bytes, more than are read; the table of sizes counts the frames.
    @Test func `a table of times that is too long costs nothing`() async throws {
        let file = movie {
            $0.runs = (0..<70_000).map { (frames: 1, length: $0 % 2 == 0 ? 999 : 1001) }
        }.file()
        let source = ProbeSource(file)

        let facts = try await VideoProbe.facts(of: source)

        #expect(facts.frameRate == FrameRate(mean: 30, usual: nil))
        #expect(source.bytesRead < 300_000)
    }

    @Test func `boxes with long lengths, and a last one without, are followed`() async throws {
        let index = TestMovie().index
        let long =
            TestMovie().fileType + Box.head("free", bytes: 16 + 1000)
            + [UInt8](repeating: 1, count: 1000) + index + [0, 0, 0, 0] + Array("mdat....".utf8)

        let facts = try await probe(long)

        #expect(facts.seconds == 10 && facts.damage == nil)
    }

    @Test func `a QuickTime file from before its type box is followed`() async throws {
        let movie = TestMovie()
        let old =
            Box.make("wide") + Box.make("mdat", [UInt8](repeating: 3, count: 500)) + movie.index

        let facts = try await probe(old)

        #expect(facts.kind == .quickTime && facts.seconds == 10 && facts.damage == nil)
    }

    @Test func `the track that plays is found among others`() async throws {
        var cover = TestMovie()
        cover.codec = "jpeg"
        cover.width = 64
        var sound = TestMovie()
        sound.handler = "soun"
        var disabled = TestMovie()
        disabled.isEnabled = false
        disabled.codec = "av01"
        let others = sound.track(2) + disabled.track(3) + cover.track(4)

        let facts = try await probe(movie { $0.firstInIndex = others })

        #expect(facts.codec == VideoCodec("avc1") && facts.coded?.width == 720)
    }

    @Test func `a file whose every track is sound has no pictures`() async throws {
        let facts = try await probe(movie { $0.handler = "soun" })

        #expect(facts.hasPictures == false && facts.codec == nil)
    }

    @Test func `of a packed index nothing is said`() async throws {
        let packed = Box.make("moov", Box.make("cmov", [UInt8](repeating: 9, count: 40)))
        let facts = try await probe(TestMovie().fileType + packed + Box.make("mdat", [1]))

        #expect(facts.hasPictures == nil && MediaRules.refusals(of: facts).isEmpty)
    }

    // MARK: What is broken

    static let damages: [(String, [UInt8], MediaDamage)] = {
        let movie = TestMovie()
        let type = movie.fileType
        let content = Box.make("mdat", [1, 2, 3])
        var grown = movie
        // A box in the index that is larger than the index.
        grown.lastInIndex = [0, 0, 1, 0] + Array("udta".utf8)
        var shrunk = movie
        shrunk.firstInIndex = [0, 0, 0, 7] + Array("udta".utf8)
        var long = movie
        long.firstInIndex = [0, 0, 0, 1] + Array("udta".utf8) + [0, 0, 0, 0, 0, 0, 0, 15]
        var huge = movie
        huge.firstInIndex = [0, 0, 0, 1] + Array("udta".utf8) + [UInt8](repeating: 0xFF, count: 8)
        let place = Int64(type.count)
        let end = place + Int64(grown.index.count) - 8
        return [
            ("no index", type + content, .noIndex("moov")),
            ("no content", type + movie.index, .noContent),
            ("an empty content box", type + movie.index + Box.make("mdat"), .noContent),
            ("content cut off", type + movie.index + content.dropLast(2), .cutOff(missingBytes: 2)),
            ("index cut off", type + content + movie.index.dropLast(5), .cutOff(missingBytes: 5)),
            ("a box outgrows its parent", type + grown.index + content, .broken(at: end)),
            ("a box below its header", type + shrunk.index + content, .broken(at: place + 8)),
            ("a long box below its header", type + long.index + content, .broken(at: place + 8)),
            ("a length of all ones", type + huge.index + content, .broken(at: place + 8)),
            (
                "a file of all ones",
                type + Box.head("mdat", bytes: .max),
                .cutOff(missingBytes: .max - 16)
            ),
        ]
    }()

    @Test(arguments: damages.map(\.0))
    func `a broken file is refused with what is broken`(_ name: String) async throws {
        let (_, bytes, damage) = try #require(Self.damages.first { $0.0 == name })

        let facts = try await probe(bytes)

        #expect(facts.damage == damage)
        #expect(MediaRules.refusals(of: facts) == [.damaged(damage)])
    }

    @Test func `what follows a whole file and is no box is not its fault`() async throws {
        let file = TestMovie().file()
        let tails: [[UInt8]] = [
            [0], [0, 0, 0, 0], [UInt8](repeating: 0, count: 100),
            [UInt8](repeating: 0xFF, count: 100), Array("\r\n--boundary--\r\n".utf8),
        ]
        for tail in tails {
            #expect(try await probe(file + tail).damage == nil)
        }
    }

    @Test func `a list that zeros close is read up to them`() async throws {
        let facts = try await probe(movie { $0.lastInIndex = [0, 0, 0, 0] })
        let more = try await probe(movie { $0.lastInIndex = [UInt8](repeating: 0, count: 64) })

        #expect(facts.damage == nil && facts.seconds == 10)
        #expect(more.damage == nil && more.seconds == 10)
    }

    @Test func `boxes in boxes without end are not followed`() async throws {
        let nested = (0..<100).reduce([UInt8]()) { inner, _ in Box.make("minf", inner) }
        let facts = try await probe(movie { $0.firstInIndex = nested })

        #expect(facts.damage == nil && facts.seconds == 10)
    }
}
