/// Reads what an MP4 or QuickTime file says of itself, wherever in the file it says it.
///
/// Source: ISO/IEC 14496-12; QuickTime files have the same boxes.
struct MovieProbe: ContainerProbe {
    private let reader: ProbeReader
    private(set) var facts: VideoFacts

    private var tracks: [MovieTrack] = []
    private var times: MovieTimes?
    private var fragments = MovieFragments()
    /// Whether the index has been read to its end.
    private var isIndexWhole = false
    private var hasContent = false
    /// Old QuickTime can pack its index, which nobody does any more; then nothing is known.
    private var isPacked = false

    /// Boxes in boxes; the deepest that counts is the fifth.
    private static let depthMax = 8
    private static let containers: Set<String> = [
        "trak", "edts", "mdia", "minf", "stbl", "mvex",
    ]

    init(_ reader: ProbeReader, _ facts: VideoFacts) {
        self.reader = reader
        self.facts = facts
    }

    /// Fills in the facts, as far as the budget goes.
    mutating func run() async throws(ProbeEnd) {
        // A look at the end must stay possible when there are more fragments than reads.
        reader.keepBack(reads: 8, bytes: 128 * 1024, parts: 100)
        do throws(ProbeEnd) {
            try await walk()
        } catch {
            gather(isWhole: false)
            guard case .exhausted = error, facts.isFragmented, facts.seconds == nil else {
                throw error
            }
            reader.keepBack(reads: 0, bytes: 0, parts: 0)
            try await readLastFragment()
            return
        }
        gather(isWhole: true)
        guard isIndexWhole else { throw .damaged(.noIndex("moov")) }
        guard hasContent else { throw .damaged(.noContent) }
    }

    private mutating func walk() async throws(ProbeEnd) {
        var offset: Int64 = 0
        while let box = try await topBox(at: offset) {
            var next = box.end
            switch box.type {
            case "moov" where !isIndexWhole: try await readIndex(box)
            case "mdat": hasContent = hasContent || box.bodyBytes > 0
            case "moof" where facts.isFragmented: try await fragments.read(box, reader)
            case "sidx" where facts.isFragmented:
                next = try await fragments.readDirectory(box, reader) ?? next
            default: break
            }
            offset = next
        }
    }

    /// The box at `offset`; once there is an index, what follows and is no box ends the file.
    private func topBox(at offset: Int64) async throws(ProbeEnd) -> MovieBox? {
        do throws(ProbeEnd) {
            return try await reader.box(at: offset, in: nil)
        } catch {
            guard case .damaged = error, isIndexWhole else { throw error }
            let type = try await reader.fields(at: offset, count: 8).name(at: 4)
            guard let type, ["mdat", "moof", "moov"].contains(type) else { return nil }
            throw error
        }
    }

    // MARK: The index

    private mutating func readIndex(_ moov: MovieBox) async throws(ProbeEnd) {
        var open = [moov]
        var offset = moov.body
        while let parent = open.last {
            guard let box = try await reader.box(at: offset, in: parent) else {
                offset = parent.end
                open.removeLast()
                continue
            }
            if box.type == "trak", open.count == 1 { tracks.append(MovieTrack()) }
            if Self.containers.contains(box.type), open.count < Self.depthMax {
                facts.isFragmented = facts.isFragmented || box.type == "mvex"
                open.append(box)
                offset = box.body
            } else {
                try await read(box)
                offset = box.end
            }
        }
        isIndexWhole = true
        fragments.track = bestTrack?.id
    }

    private mutating func read(_ box: MovieBox) async throws(ProbeEnd) {
        switch box.type {
        case "mvhd": times = MovieTimes(try await reader.fields(of: box, upTo: 32))
        case "mehd", "trex": fragments.readDefaults(box, try await reader.fields(of: box, upTo: 24))
        case "cmov": isPacked = true
        default:
            guard !tracks.isEmpty else { return }
            try await tracks[tracks.count - 1].read(box, reader)
        }
    }

    /// The track that plays: the first of those that are enabled, unless a later one of them is
    /// encoded in a way TikTok takes; a cover picture is a track too.
    private var bestTrack: MovieTrack? {
        let videos = tracks.filter(\.isVideo)
        let enabled = videos.filter(\.isEnabled)
        return enabled.first { $0.codec?.isTaken == true } ?? enabled.first ?? videos.first
    }

    // MARK: What it comes to

    private mutating func gather(isWhole: Bool) {
        if isIndexWhole, !isPacked { facts.hasPictures = tracks.contains(where: \.isVideo) }
        guard let track = bestTrack else { return }
        facts.codec = track.codec
        facts.coded = track.coded
        facts.displayed = track.displayed
        facts.rotation = track.rotation
        guard facts.isFragmented else {
            let movie = times.flatMap { times in
                times.length.map { Double($0) / Double(times.unitsPerSecond) }
            }
            facts.seconds =
                movie.flatMap { $0 > 0 ? $0 : nil }
                ?? track.seconds(movieUnitsPerSecond: times?.unitsPerSecond)
            facts.frameRate = track.frameRate
            return
        }
        facts.seconds = fragments.seconds(
            after: track,
            movieUnitsPerSecond: times?.unitsPerSecond,
            isWhole: isWhole
        )
        facts.frameRate = fragments.frameRate(after: track, isWhole: isWhole)
        hasContent = hasContent || fragments.isSomewhere
    }

    /// Skips to the last fragment, where the file says at its end where that is.
    private mutating func readLastFragment() async throws(ProbeEnd) {
        guard let track = bestTrack, let units = track.unitsPerSecond,
            let end = try await fragments.readEnd(reader)
        else { return }
        facts.seconds = Double(end) / Double(units)
    }
}
