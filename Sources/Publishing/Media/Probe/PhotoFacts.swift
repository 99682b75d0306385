/// What the headers of a photo say; `nil` is what they do not say for certain.
package struct PhotoFacts: Sendable, Equatable {
    package let kind: MediaKind
    package let bytes: Int64
    /// As it is shown: turned as its orientation says.
    package var size: PictureSize?
    /// 1 to 8, as EXIF counts: from 5 on the picture lies on its side.
    package var orientation: Int?
    package var isProgressive = false
    package var isAnimated = false
    /// Why the file cannot be shown as it is.
    package var damage: MediaDamage?

    package init(kind: MediaKind, bytes: Int64) {
        self.kind = kind
        self.bytes = bytes
    }
}

/// Finds out what a photo is by its headers, in a few bounded reads.
package enum PhotoProbe {
    /// Reads what the headers say; the file may be anything.
    ///
    /// - Returns: what is certain. A probe that would cost too much ends with what it knows.
    /// - Throws: only when the source cannot be read.
    package static func facts(of source: some ByteSource) async throws(Stop) -> PhotoFacts {
        let reader = ProbeReader(source)
        var facts = PhotoFacts(kind: try await reader.kind(), bytes: reader.size)
        do throws(ProbeEnd) {
            switch facts.kind {
            case .jpeg: try await facts.readJPEG(reader)
            case .webP: try await facts.readWebP(reader)
            default: break
            }
        } catch {
            facts.damage = try error.damage()
        }
        return facts
    }
}
