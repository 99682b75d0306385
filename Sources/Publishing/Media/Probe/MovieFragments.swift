/// The parts of a fragmented movie: each brings the times of its own frames.
///
/// Source: ISO/IEC 14496-12, "Movie fragments" and "Segment index".
struct MovieFragments {
    /// Whose times count; fragments of other tracks are passed over.
    var track: UInt64?
    /// Whether there are any.
    private(set) var isSomewhere = false

    /// Of the whole movie, in the movie's units, where the writer knew it beforehand.
    private var wholeLength: UInt64?
    /// By track.
    private var defaultLengths: [UInt64: UInt64] = [:]

    private var times = FrameTimes()
    /// In units of the track.
    private var walkedLength = 0.0
    /// What the directories list, whose fragments are not looked at one by one.
    private var listedSeconds = 0.0
    /// In units of the track, where the fragments say when they begin.
    private var firstStart: UInt64?
    private var lastEnd: UInt64?

    /// Longest directory that is read, in entries.
    private static let entriesMax: UInt64 = 4096

    /// Takes in what the index says of all fragments.
    mutating func readDefaults(_ box: MovieBox, _ fields: ByteFields) {
        if box.type == "trex" {
            guard let id = fields.unsigned(4, at: 4) else { return }
            defaultLengths[id] = fields.unsigned(4, at: 12)
        } else {
            let isWide = fields.unsigned(1, at: 0) == 1
            wholeLength = fields.unsigned(isWide ? 8 : 4, at: 4)
        }
    }

    // MARK: What it comes to

    /// - Parameter isWhole: whether every fragment was seen.
    func seconds(
        after track: MovieTrack,
        movieUnitsPerSecond: UInt64?,
        isWhole: Bool
    ) -> Double? {
        if let wholeLength, wholeLength > 0, let movieUnitsPerSecond {
            return Double(wholeLength) / Double(movieUnitsPerSecond)
        }
        guard isWhole, let units = track.unitsPerSecond else { return nil }
        let length = (track.times?.length ?? 0) + walkedLength
        let seconds = length / Double(units) + listedSeconds
        return seconds > 0 ? seconds : nil
    }

    /// Of a few fragments nothing is certain unless their frames come steadily.
    func frameRate(after track: MovieTrack, isWhole: Bool) -> FrameRate? {
        guard let units = track.unitsPerSecond else { return nil }
        var all = times
        if let first = track.times { all.add(first) }
        guard all.isSteady || (isWhole && listedSeconds == 0) else { return nil }
        return all.rate(units)
    }

    // MARK: One fragment

    /// Takes in a `moof` box.
    mutating func read(_ moof: MovieBox, _ reader: ProbeReader) async throws(ProbeEnd) {
        isSomewhere = true
        var offset = moof.body
        while let part = try await reader.box(at: offset, in: moof) {
            if part.type == "traf" { try await readTrackPart(part, reader) }
            offset = part.end
        }
    }

    private mutating func readTrackPart(
        _ part: MovieBox,
        _ reader: ProbeReader
    ) async throws(ProbeEnd) {
        var defaultLength: UInt64?
        var start: UInt64?
        var offset = part.body
        while let box = try await reader.box(at: offset, in: part) {
            switch box.type {
            case "tfhd":
                let header = try await reader.fields(of: box, upTo: 32)
                guard let id = header.unsigned(4, at: 4), id == track else { return }
                defaultLength = Self.defaultLength(header) ?? defaultLengths[id]
            case "tfdt":
                let fields = try await reader.fields(of: box, upTo: 12)
                start = fields.unsigned(fields.unsigned(1, at: 0) == 1 ? 8 : 4, at: 4)
                firstStart = firstStart ?? start
            case "trun":
                let length = try await readRun(box, defaultLength, reader)
                start = Self.sum(start, length)
                lastEnd = [lastEnd, start].compactMap(\.self).max()
            default: break
            }
            offset = box.end
        }
    }

    private static func defaultLength(_ header: ByteFields) -> UInt64? {
        guard let flags = header.unsigned(3, at: 1), flags & 0x8 != 0 else { return nil }
        return header.unsigned(4, at: 8 + (flags & 0x1 != 0 ? 8 : 0) + (flags & 0x2 != 0 ? 4 : 0))
    }

    /// - Returns: how long the run's frames last, in units of the track.
    private mutating func readRun(
        _ box: MovieBox,
        _ defaultLength: UInt64?,
        _ reader: ProbeReader
    ) async throws(ProbeEnd) -> UInt64? {
        let head = try await reader.fields(of: box, upTo: 8)
        guard let flags = head.unsigned(3, at: 1), let count = head.unsigned(4, at: 4) else {
            return nil
        }
        let stride = UInt64((flags >> 8 & 0xF).nonzeroBitCount * 4)
        let first: UInt64 = 8 + (flags & 0x1 != 0 ? 4 : 0) + (flags & 0x4 != 0 ? 4 : 0)
        guard first + count * stride <= UInt64(box.bodyBytes) else {
            throw .damaged(.broken(at: box.start))
        }
        guard flags & 0x100 != 0 else {
            guard let defaultLength else { return nil }
            add(count, of: defaultLength)
            // Two numbers of 32 bits.
            return count * defaultLength
        }
        guard count * stride <= ProbeReader.readAhead else { throw .exhausted }
        let table = try await reader.fields(
            at: box.body + Int64(first),
            count: Int(count * stride)
        )
        var total: UInt64 = 0
        for index in 0..<Int(count) {
            let length = table.unsigned(4, at: index * Int(stride)) ?? 0
            add(1, of: length)
            total += length
        }
        return total
    }

    private mutating func add(_ frames: UInt64, of length: UInt64) {
        times.add(frames, of: length)
        walkedLength += Double(frames) * Double(length)
    }

    private static func sum(_ one: UInt64?, _ other: UInt64?) -> UInt64? {
        guard let one, let other else { return nil }
        let (sum, isTooMuch) = one.addingReportingOverflow(other)
        return isTooMuch ? nil : sum
    }
}

// MARK: Shortcuts

extension MovieFragments {
    /// Takes in a `sidx` box, which lists fragments and how long each is.
    ///
    /// - Returns: where the listed fragments end; `nil` when they must be walked through.
    mutating func readDirectory(
        _ box: MovieBox,
        _ reader: ProbeReader
    ) async throws(ProbeEnd) -> Int64? {
        let head = try await reader.fields(of: box, upTo: 32)
        guard let version = head.unsigned(1, at: 0), version <= 1, head.unsigned(4, at: 4) == track,
            let units = head.unsigned(4, at: 8), units > 0,
            let gap = head.unsigned(version == 1 ? 8 : 4, at: version == 1 ? 20 : 16),
            let count = head.unsigned(2, at: version == 1 ? 30 : 22), count <= Self.entriesMax
        else { return nil }
        let list = try await reader.fields(
            at: box.body + (version == 1 ? 32 : 24),
            count: Int(count) * 12
        )
        var length: UInt64 = 0
        var end = UInt64(box.end)
        guard gap <= UInt64(reader.size) else { return nil }
        end += gap
        let start = Int64(end)
        for place in stride(from: 0, to: Int(count) * 12, by: 12) {
            // The highest bit set: this entry is a directory again.
            guard let bytes = list.unsigned(4, at: place), bytes < 1 << 31,
                let entry = list.unsigned(4, at: place + 4)
            else { return nil }
            end += bytes
            length += entry
        }
        guard length > 0, end <= UInt64(reader.size), Int64(end) > box.end else { return nil }
        try await sample(at: start, reader)
        isSomewhere = true
        listedSeconds += Double(length) / Double(units)
        return Int64(end)
    }

    /// Looks at the first listed fragment, for its frame rate.
    private mutating func sample(
        at start: Int64,
        _ reader: ProbeReader
    ) async throws(ProbeEnd) {
        guard times.frames == 0 else { return }
        let walked = walkedLength
        var offset = start
        for _ in 0..<4 {
            guard let box = try await reader.box(at: offset, in: nil) else { break }
            offset = box.end
            guard box.type == "moof" else { continue }
            try await read(box, reader)
            break
        }
        walkedLength = walked
    }

    /// Looks for the last fragments, where the file says at its end where they are.
    ///
    /// - Returns: how long all fragments last, in units of the track.
    mutating func readEnd(_ reader: ProbeReader) async throws(ProbeEnd) -> UInt64? {
        let tail = try await reader.fields(at: reader.size - 16, count: 16)
        guard tail.unsigned(4, at: 0) == 16, tail.name(at: 4) == "mfro",
            let length = tail.unsigned(4, at: 12), length <= UInt64(reader.size),
            let list = try await reader.box(at: reader.size - Int64(length), in: nil),
            list.type == "mfra", let last = try await lastEntry(of: list, reader)
        else { return nil }
        lastEnd = nil
        var offset = last
        while offset < list.start, let box = try await reader.box(at: offset, in: nil) {
            if box.type == "moof" { try await read(box, reader) }
            offset = box.end
        }
        guard let firstStart, let lastEnd, lastEnd > firstStart else { return nil }
        return lastEnd - firstStart
    }

    /// Where the last fragment that the list at the end of the file names begins.
    private func lastEntry(
        of list: MovieBox,
        _ reader: ProbeReader
    ) async throws(ProbeEnd) -> Int64? {
        var offset = list.body
        while let box = try await reader.box(at: offset, in: list) {
            offset = box.end
            guard box.type == "tfra" else { continue }
            let head = try await reader.fields(of: box, upTo: 16)
            guard head.unsigned(4, at: 4) == track, let version = head.unsigned(1, at: 0),
                let widths = head.unsigned(1, at: 11), let count = head.unsigned(4, at: 12),
                count > 0
            else { continue }
            let width = version == 1 ? 8 : 4
            let extra = (widths & 3) + (widths >> 2 & 3) + (widths >> 4 & 3) + 3
            let stride = UInt64(2 * width) + extra
            guard 16 + count * stride <= UInt64(box.bodyBytes) else {
                throw .damaged(.broken(at: box.start))
            }
            let place = box.body + 16 + Int64((count - 1) * stride) + Int64(width)
            let entry = try await reader.fields(at: place, count: width).unsigned(width, at: 0)
            return entry.flatMap { $0 < UInt64(list.start) ? Int64($0) : nil }
        }
        return nil
    }
}
