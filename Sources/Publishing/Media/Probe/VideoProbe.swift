/// Finds out what a video is by its headers, in a few bounded reads.
package enum VideoProbe {
    /// Reads what the headers say; the file may be anything.
    ///
    /// - Returns: what is certain. A probe that would cost too much ends with what it knows.
    /// - Throws: only when the source cannot be read.
    package static func facts(of source: some ByteSource) async throws(Stop) -> VideoFacts {
        let reader = ProbeReader(source)
        let facts = VideoFacts(kind: try await reader.kind(), bytes: reader.size)
        switch facts.kind {
        case .mp4, .quickTime: return try await run(MovieProbe(reader, facts))
        case .webM: return try await run(WebMProbe(reader, facts))
        default: return facts
        }
    }

    private static func run(_ probe: some ContainerProbe) async throws(Stop) -> VideoFacts {
        var probe = probe
        var damage: MediaDamage?
        do throws(ProbeEnd) {
            try await probe.run()
        } catch {
            damage = try error.damage()
        }
        var facts = probe.facts
        facts.damage = damage
        return facts
    }
}

/// Reads one kind of video file.
protocol ContainerProbe {
    /// What is known by now.
    var facts: VideoFacts { get }

    /// Fills in the facts, as far as the budget goes.
    mutating func run() async throws(ProbeEnd)
}

extension ProbeEnd {
    /// What the end says of the file; `nil` when it says nothing.
    ///
    /// - Throws: the stop of a source that cannot be read.
    func damage() throws(Stop) -> MediaDamage? {
        switch self {
        case .stopped(let stop): throw stop
        case .exhausted: nil
        case .damaged(let damage): damage
        }
    }
}

extension ProbeReader {
    /// What the file is by its first bytes.
    func kind() async throws(Stop) -> MediaKind {
        do throws(ProbeEnd) {
            return MediaKind(head: Array(try await fields(at: 0, count: MediaKind.headBytes).bytes))
        } catch {
            _ = try error.damage()
            return .unknown
        }
    }
}
