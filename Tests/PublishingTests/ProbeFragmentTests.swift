import Support
import Testing

@testable import Publishing

/// Fragmented MP4: the length is in the fragments, and there may be thousands of them.
struct ProbeFragmentTests {
    /// Puts a fragmented file together; 30,000 units a second.
    struct Movie {
        var framesByFragment: [UInt64] = [30, 30, 30, 30]
        var frameLength: UInt64 = 1000
        /// Where the first fragment begins, in units.
        var start: UInt64 = 0
        var hasTimes = true
        var hasList = false
        var contentBytes = 10
        /// Of the whole, in units, as `mehd` has it.
        var wholeLength: UInt64?

        var index: [UInt8] {
            var movie = TestMovie()
            movie.runs = []
            let whole = wholeLength.map { Box.make("mehd", [0, 0, 0, 0] + Box.number($0, 4)) }
            movie.lastInIndex = Box.make("mvex", whole ?? [], defaults(1, 0), defaults(2, 7))
            return movie.fileType + movie.index
        }

        private func defaults(_ track: UInt64, _ length: UInt64) -> [UInt8] {
            let numbers = [track, 1, length, 0, 0].flatMap { Box.number($0, 4) }
            return Box.make("trex", [0, 0, 0, 0] + numbers)
        }

        /// A fragment of two tracks; only the first one's frames count.
        func fragment(_ frames: UInt64, at start: UInt64) -> [UInt8] {
            let time = hasTimes ? Box.make("tfdt", [1, 0, 0, 0] + Box.number(start, 8)) : []
            // A default length (8); then runs whose frames have only sizes (0x200).
            let header = Box.make(
                "tfhd",
                [0, 2, 0, 0x8] + Box.number(1, 4) + Box.number(frameLength, 4)
            )
            let sizes = [UInt8](repeating: 1, count: Int(frames) * 4)
            let run = Box.make(
                "trun",
                [0, 0, 2, 1] + Box.number(frames, 4) + [0, 0, 0, 9] + sizes
            )
            let sound = Box.make(
                "traf",
                Box.make("tfhd", [0, 2, 0, 0] + Box.number(2, 4)),
                Box.make("trun", [0, 0, 0, 0] + Box.number(1_000_000, 4))
            )
            let part = Box.make("traf", header, time, run)
            return Box.make("moof", Box.make("mfhd", [0, 0, 0, 0, 0, 0, 0, 1]), sound, part)
                + Box.make("mdat", [UInt8](repeating: 0, count: contentBytes))
        }

        var file: [UInt8] {
            var file = index
            var time = start
            var last = (time: time, place: file.count)
            for frames in framesByFragment {
                last = (time, file.count)
                file += fragment(frames, at: time)
                time += frames * frameLength
            }
            return hasList ? file + list(last) : file
        }

        private func list(_ last: (time: UInt64, place: Int)) -> [UInt8] {
            let entry = Box.number(last.time, 8) + Box.number(UInt64(last.place), 8) + [1, 1, 1]
            let entries = Box.make(
                "tfra",
                [1, 0, 0, 0] + Box.number(1, 4) + Box.number(0, 4) + Box.number(1, 4) + entry
            )
            let length = UInt64(8 + entries.count + 16)
            let end = Box.make("mfro", [0, 0, 0, 0] + Box.number(length, 4))
            return Box.make("mfra", entries, end)
        }
    }

    private func probe(_ bytes: [UInt8]) async throws -> VideoFacts {
        try await VideoProbe.facts(of: ProbeSource(bytes))
    }

    @Test func `the fragments' lengths add up`() async throws {
        for hasTimes in [true, false] {
            var movie = Movie()
            movie.hasTimes = hasTimes
            let facts = try await probe(movie.file)

            #expect(facts.isFragmented && facts.seconds == 4 && facts.damage == nil)
            #expect(facts.frameRate == FrameRate(mean: 30, usual: 30))
        }
    }

    @Test func `a length written beforehand is believed`() async throws {
        var movie = Movie()
        movie.wholeLength = 90_000

        #expect(try await probe(movie.file).seconds == 3)
    }

    @Test func `frames that each have a length are counted one by one`() async throws {
        let run = (0..<20).flatMap { Box.number($0 % 2 == 0 ? 900 : 1100, 4) + [0, 0, 0, 5] }
        let moof = Box.make(
            "moof",
            Box.make(
                "traf",
                Box.make("tfhd", [0, 0, 0, 0] + Box.number(1, 4)),
                // A place (1), flags of the first frame (4), then length and size of each.
                Box.make(
                    "trun",
                    [0, 0, 3, 5] + Box.number(20, 4) + [0, 0, 0, 0, 0, 0, 0, 0] + run
                )
            )
        )
        let facts = try await probe(Movie().index + moof + Box.make("mdat", [1]))

        #expect(facts.seconds.isNear(20_000.0 / 30_000))
        #expect(facts.frameRate.map(\.mean).isNear(30))
    }

    @Test func `a run that is larger than its box is damage`() async throws {
        let moof = Box.make(
            "moof",
            Box.make(
                "traf",
                Box.make("tfhd", [0, 0, 0, 0] + Box.number(1, 4)),
                Box.make("trun", [0, 0, 1, 0] + Box.number(0xFFFF_FFFF, 4) + [0, 0, 0, 0])
            )
        )
        let index = Movie().index
        let facts = try await probe(index + moof + Box.make("mdat", [1]))

        let place = Int64(index.count + 8 + 8 + 16)
        #expect(facts.damage == .broken(at: place))
    }

    @Test func `defaults that add up to nonsense do not overflow`() async throws {
        let traf = Box.make(
            "traf",
            Box.make("tfhd", [0, 0, 0, 8] + Box.number(1, 4) + Box.number(0xFFFF_FFFF, 4)),
            Box.make("tfdt", [1, 0, 0, 0] + Box.number(.max, 8)),
            Box.make("trun", [0, 0, 0, 0] + Box.number(0xFFFF_FFFF, 4))
        )
        let moof = Box.make("moof", traf, traf, traf)
        let facts = try await probe(Movie().index + moof + moof + Box.make("mdat", [1]))

        #expect(facts.damage == nil && facts.isFragmented)
    }

    // MARK: More fragments than reads

    @Test func `of too many fragments the list at the end tells the length`() async throws {
        var movie = Movie(start: 3_000_000)
        movie.framesByFragment = [UInt64](repeating: 30, count: 150)
        movie.hasList = true
        movie.contentBytes = 20_000
        let source = ProbeSource(movie.file)

        let facts = try await VideoProbe.facts(of: source)

        #expect(facts.seconds == 150 && facts.frameRate?.mean == 30)
        #expect(source.isWithinBounds)
    }

    @Test func `so it is with fragments that are too small to be read one by one`() async throws {
        var movie = Movie()
        movie.framesByFragment = [UInt64](repeating: 1, count: 2000)
        movie.hasList = true
        let source = ProbeSource(movie.file)

        let facts = try await VideoProbe.facts(of: source)

        #expect(facts.seconds.isNear(2000.0 / 30) && source.isWithinBounds)
    }

    @Test func `without that list the length is not known, and not refused`() async throws {
        var movie = Movie()
        movie.framesByFragment = [UInt64](repeating: 30, count: 150)
        movie.contentBytes = 20_000
        let source = ProbeSource(movie.file)

        let facts = try await VideoProbe.facts(of: source)

        #expect(facts.seconds == nil && facts.damage == nil && facts.frameRate?.mean == 30)
        #expect(MediaRules.refusals(of: facts).isEmpty && source.isWithinBounds)
    }

    @Test func `a directory tells the length of what it lists`() async throws {
        let movie = Movie()
        let fragments = movie.framesByFragment.enumerated().map { index, frames in
            movie.fragment(frames, at: UInt64(index) * 30_000)
        }
        for version in [0, 1] as [UInt8] {
            let entries = fragments.flatMap {
                Box.number(UInt64($0.count), 4) + Box.number(45_000, 4) + [0x90, 0, 0, 0]
            }
            let width = version == 0 ? 4 : 8
            let numbers = Box.number(1, 4) + Box.number(30_000, 4) + Box.number(0, width)
            let gap = Box.number(0, width) + [0, 0] + Box.number(UInt64(fragments.count), 2)
            let directory = Box.make("sidx", [version, 0, 0, 0] + numbers + gap + entries)

            let facts = try await probe(movie.index + directory + fragments.joined())

            // The directory says 1.5 seconds a fragment, so it was asked, and not the fragments.
            #expect(facts.seconds == 6 && facts.frameRate?.mean == 30 && facts.damage == nil)
        }
    }
}
