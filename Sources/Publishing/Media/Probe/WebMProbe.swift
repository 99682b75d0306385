/// Reads what a WebM file says of itself.
///
/// Source: RFC 9559 (Matroska) and the WebM Container Guidelines.
struct WebMProbe: ContainerProbe {
    private typealias ID = EBMLElement.ID

    private let reader: ProbeReader
    private(set) var facts: VideoFacts

    private var tracks: [Track] = []
    private var areTracksWhole = false
    private var isInfoWhole = false
    private var hasContent = false
    /// Nanoseconds in a unit of the duration.
    private var scale: UInt64 = 1_000_000
    private var duration: Double?

    private struct Track {
        var type: UInt64?
        var isEnabled = true
        var codec: VideoCodec?
        /// Nanoseconds.
        var frameLength: UInt64?
        var width: UInt64?
        var height: UInt64?
        var displayWidth: UInt64?
        var displayHeight: UInt64?
        /// 0 for pixels.
        var displayUnit: UInt64 = 0
    }

    init(_ reader: ProbeReader, _ facts: VideoFacts) {
        self.reader = reader
        self.facts = facts
    }

    /// Fills in the facts, as far as the budget goes.
    mutating func run() async throws(ProbeEnd) {
        do throws(ProbeEnd) {
            try await walk()
        } catch {
            gather()
            throw error
        }
        gather()
    }

    private mutating func walk() async throws(ProbeEnd) {
        guard let header = try await reader.element(at: 0, upTo: reader.size),
            let headerEnd = header.end
        else { throw .damaged(.broken(at: 0)) }
        try await readHeader(header, end: headerEnd)
        guard facts.kind == .webM else { return }
        var offset = headerEnd
        while let element = try await reader.element(at: offset, upTo: reader.size) {
            if element.id == ID.segment {
                return try await readSegment(element)
            }
            guard let end = element.end else { break }
            offset = end
        }
        throw .damaged(.noIndex("Segment"))
    }

    private mutating func readHeader(_ header: EBMLElement, end: Int64) async throws(ProbeEnd) {
        var offset = header.body
        while let element = try await reader.element(at: offset, upTo: end) {
            guard let elementEnd = element.end else { return }
            if element.id == ID.docType, try await text(of: element) == "matroska" {
                facts.kind = .matroska
            }
            offset = elementEnd
        }
    }

    /// Walks to the first pictures after both lists; they come first in all files of WebM.
    private mutating func readSegment(_ segment: EBMLElement) async throws(ProbeEnd) {
        let end = segment.end ?? reader.size
        var offset = segment.body
        while let element = try await reader.element(at: offset, upTo: end) {
            switch element.id {
            case ID.info, ID.tracks:
                guard let end = element.end else { return }
                try await readList(element, end: end)
                isInfoWhole = isInfoWhole || element.id == ID.info
                areTracksWhole = areTracksWhole || element.id == ID.tracks
            case ID.cluster:
                if areTracksWhole, isInfoWhole { return }
                hasContent = true
            default: break
            }
            // Of unknown length are live streams' pictures: nobody can say what comes after.
            guard let next = element.end else { return }
            offset = next
        }
        guard areTracksWhole else { throw .damaged(.noIndex("Tracks")) }
        guard hasContent else { throw .damaged(.noContent) }
    }

    /// Goes through a list and the elements in its elements.
    private mutating func readList(_ list: EBMLElement, end: Int64) async throws(ProbeEnd) {
        var ends = [end]
        var offset = list.body
        while let limit = ends.last {
            guard let element = try await reader.element(at: offset, upTo: limit) else {
                offset = limit
                ends.removeLast()
                continue
            }
            guard let elementEnd = element.end else { throw .damaged(.broken(at: element.start)) }
            if element.id == ID.trackEntry { tracks.append(Track()) }
            if [ID.trackEntry, ID.video].contains(element.id), ends.count < 8 {
                ends.append(elementEnd)
                offset = element.body
            } else {
                try await read(element)
                offset = elementEnd
            }
        }
    }

    private mutating func read(_ element: EBMLElement) async throws(ProbeEnd) {
        switch element.id {
        case ID.timestampScale: scale = try await number(of: element) ?? 0
        case ID.duration: duration = try await float(of: element)
        default:
            guard !tracks.isEmpty else { return }
            try await read(element, into: &tracks[tracks.count - 1])
        }
    }

    private func read(
        _ element: EBMLElement,
        into track: inout Track
    ) async throws(ProbeEnd) {
        switch element.id {
        case ID.trackType: track.type = try await number(of: element)
        case ID.flagEnabled: track.isEnabled = try await number(of: element) != 0
        case ID.codecID: track.codec = try await text(of: element).map(VideoCodec.init)
        case ID.defaultDuration: track.frameLength = try await number(of: element)
        case ID.pixelWidth: track.width = try await number(of: element)
        case ID.pixelHeight: track.height = try await number(of: element)
        case ID.displayWidth: track.displayWidth = try await number(of: element)
        case ID.displayHeight: track.displayHeight = try await number(of: element)
        case ID.displayUnit: track.displayUnit = try await number(of: element) ?? 0
        default: break
        }
    }

    // MARK: What it comes to

    private mutating func gather() {
        let videos = tracks.filter { $0.type == 1 }
        if areTracksWhole { facts.hasPictures = !videos.isEmpty }
        if let duration, duration.isFinite, duration > 0, scale > 0 {
            facts.seconds = duration * Double(scale) / 1_000_000_000
        }
        guard let track = videos.first(where: \.isEnabled) ?? videos.first else { return }
        facts.codec = track.codec
        facts.coded = PictureSize(track.width, track.height)
        facts.displayed =
            track.displayUnit == 0
            ? PictureSize(track.displayWidth, track.displayHeight) ?? facts.coded : nil
        if let length = track.frameLength, length > 0 {
            let rate = 1_000_000_000 / Double(length)
            facts.frameRate = FrameRate(mean: rate, usual: rate)
        }
    }

    // MARK: Values

    /// - Returns: `nil` for a number wider than 8 bytes; an empty one is 0.
    private func number(of element: EBMLElement) async throws(ProbeEnd) -> UInt64? {
        guard let bytes = try await value(of: element, upTo: 8) else { return nil }
        return bytes.unsigned(bytes.count, at: 0)
    }

    private func float(of element: EBMLElement) async throws(ProbeEnd) -> Double? {
        guard let bytes = try await value(of: element, upTo: 8),
            let bits = bytes.unsigned(bytes.count, at: 0)
        else { return nil }
        switch bytes.count {
        case 4: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case 8: return Double(bitPattern: bits)
        default: return nil
        }
    }

    /// ASCII, up to the first zero byte.
    private func text(of element: EBMLElement) async throws(ProbeEnd) -> String? {
        guard let bytes = try await value(of: element, upTo: 64) else { return nil }
        return String(decoding: bytes.bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    private func value(of element: EBMLElement, upTo most: Int64) async throws(ProbeEnd)
        -> ByteFields?
    {
        guard let end = element.end, end - element.body <= most else { return nil }
        return try await reader.fields(at: element.body, count: Int(end - element.body))
    }
}
