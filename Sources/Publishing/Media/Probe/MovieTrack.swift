/// What the boxes of one track say.
///
/// Sources: ISO/IEC 14496-12 for the boxes, 14496-15 for the sample entries. Every place is counted
/// from the first byte after the box's header; a box's version decides how wide its times are.
struct MovieTrack {
    var id: UInt64?
    var isEnabled = true
    var rotation: Int?
    var displayed: PictureSize?
    /// `vide`, `soun` or another.
    var handler: String?
    /// Units of time in a second.
    var unitsPerSecond: UInt64?
    /// In these units.
    var length: UInt64?
    /// What the edit list lets be seen, in units of the movie.
    var editedLength: UInt64?
    var codec: VideoCodec?
    var coded: PictureSize?
    var times: FrameTimes?
    var sampleCount: UInt64?

    var isVideo: Bool { handler == "vide" }

    /// Frames a second as the table of times says, or where that is too long to be read, the mean.
    var frameRate: FrameRate? {
        guard let unitsPerSecond else { return nil }
        if let times { return times.rate(unitsPerSecond) }
        guard let sampleCount, let length, sampleCount > 0, length > 0 else { return nil }
        let mean = Double(sampleCount) * Double(unitsPerSecond) / Double(length)
        return FrameRate(mean: mean, usual: nil)
    }

    /// How long the track alone plays, where the movie does not say.
    func seconds(movieUnitsPerSecond: UInt64?) -> Double? {
        if let editedLength, editedLength > 0, let movieUnitsPerSecond {
            return Double(editedLength) / Double(movieUnitsPerSecond)
        }
        guard let length, length > 0, let unitsPerSecond else { return nil }
        return Double(length) / Double(unitsPerSecond)
    }
}

extension MovieTrack {
    /// Longest list of edits that is added up.
    private static let editsMax = 1000

    /// Longest table of times that is read: 65,536 runs.
    private static let timesBytesMax: UInt64 = 512 * 1024

    /// Takes in one of the track's boxes.
    mutating func read(_ box: MovieBox, _ reader: ProbeReader) async throws(ProbeEnd) {
        switch box.type {
        case "tkhd": readHeader(try await reader.fields(of: box, upTo: 96))
        case "mdhd":
            let times = MovieTimes(try await reader.fields(of: box, upTo: 32))
            unitsPerSecond = times?.unitsPerSecond
            length = times?.length
        case "hdlr":
            // A second one, deeper down in old QuickTime files, is about the data.
            let name = try await reader.fields(of: box, upTo: 12).name(at: 8)
            handler = handler ?? name
        case "elst":
            readEdits(try await reader.fields(of: box, upTo: 8 + 20 * Self.editsMax))
        case "stsd" where isVideo:
            readEntry(try await reader.fields(of: box, upTo: 44))
        case "stts" where isVideo: try await readTimes(box, reader)
        case "stsz" where isVideo:
            sampleCount = try await reader.fields(of: box, upTo: 12).unsigned(4, at: 8)
        default: break
        }
    }

    private mutating func readHeader(_ fields: ByteFields) {
        guard let version = fields.unsigned(1, at: 0), version <= 1,
            let flags = fields.unsigned(1, at: 3)
        else { return }
        let shift = version == 1 ? 12 : 0
        isEnabled = flags & 1 == 1
        id = fields.unsigned(4, at: version == 1 ? 20 : 12)
        rotation = Self.rotation(fields, matrixAt: 40 + shift)
        let size = PictureSize(
            fields.unsigned(4, at: 76 + shift).map { $0 >> 16 },
            fields.unsigned(4, at: 80 + shift).map { $0 >> 16 }
        )
        displayed = rotation == 90 || rotation == 270 ? size?.turned : size
    }

    /// The quarter turn that a matrix of nine fixed-point numbers stands for, clockwise.
    private static func rotation(_ fields: ByteFields, matrixAt place: Int) -> Int? {
        let places = [0, 4, 12, 16].map { fields.signed(at: place + $0) }
        guard let a = places[0], let b = places[1], let c = places[2], let d = places[3] else {
            return nil
        }
        switch (a.signum(), b.signum(), c.signum(), d.signum()) {
        case (1, 0, 0, 1): return 0
        case (0, 1, -1, 0): return 90
        case (-1, 0, 0, -1): return 180
        case (0, -1, 1, 0): return 270
        default: return nil
        }
    }

    private mutating func readEdits(_ fields: ByteFields) {
        guard let version = fields.unsigned(1, at: 0), version <= 1,
            let count = fields.unsigned(4, at: 4), count <= Self.editsMax
        else { return }
        let (width, stride) = version == 1 ? (8, 20) : (4, 12)
        var total: UInt64 = 0
        for index in 0..<Int(count) {
            guard let length = fields.unsigned(width, at: 8 + index * stride) else { return }
            let (sum, isTooMuch) = total.addingReportingOverflow(length)
            guard !isTooMuch else { return }
            total = sum
        }
        editedLength = total
    }

    /// The first sample entry; its own header is 8 bytes.
    private mutating func readEntry(_ fields: ByteFields) {
        guard let count = fields.unsigned(4, at: 4), count > 0, let id = fields.name(at: 12) else {
            return
        }
        codec = VideoCodec(id)
        coded = PictureSize(fields.unsigned(2, at: 40), fields.unsigned(2, at: 42))
    }

    private mutating func readTimes(
        _ box: MovieBox,
        _ reader: ProbeReader
    ) async throws(ProbeEnd) {
        guard let count = try await reader.fields(of: box, upTo: 8).unsigned(4, at: 4) else {
            return
        }
        guard count * 8 <= UInt64(box.bodyBytes) - 8 else {
            throw .damaged(.broken(at: box.start))
        }
        guard count * 8 <= Self.timesBytesMax else { return }
        var times = FrameTimes()
        let end = box.body + 8 + Int64(count * 8)
        var offset = box.body + 8
        while offset < end {
            let piece = try await reader.fields(
                at: offset,
                count: Int(min(end - offset, Int64(ProbeReader.readAhead)))
            )
            for place in stride(from: 0, to: piece.count, by: 8) {
                guard let frames = piece.unsigned(4, at: place),
                    let length = piece.unsigned(4, at: place + 4)
                else { break }
                // Such lengths are negative ones that went wrong: then no time is certain.
                guard length <= Int32.max else { return }
                times.add(frames, of: length)
            }
            offset += Int64(piece.count)
        }
        self.times = times
    }
}

/// The two numbers of time that the headers of movies and of their tracks' media hold alike.
struct MovieTimes {
    /// Units of time in a second; never 0.
    let unitsPerSecond: UInt64
    /// In these units; `nil` when it is not known.
    let length: UInt64?

    init?(_ fields: ByteFields) {
        guard let version = fields.unsigned(1, at: 0), version <= 1 else { return nil }
        let (place, width) = version == 1 ? (20, 8) : (12, 4)
        guard let units = fields.unsigned(4, at: place), units > 0 else { return nil }
        unitsPerSecond = units
        let unknown: UInt64 = width == 8 ? .max : UInt64(UInt32.max)
        length = fields.unsigned(width, at: place + 4).flatMap { $0 == unknown ? nil : $0 }
    }
}
