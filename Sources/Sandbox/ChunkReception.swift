/// What is to be done with the body of an upload PUT.
package enum ChunkStep: Sendable {
    /// Refused, or changed by a fault: the body is not read.
    case answer(SandboxAnswer)
    case receive(ChunkReception)
}

/// One attempt at one chunk, between its headers and its last byte.
package struct ChunkReception: Sendable {
    let request: SandboxRequest
    let publishID: String
    let openID: String
    let attempt: Int
    let first: Int64
    let count: Int64
    let digest: FileDigest
    let fault: SandboxFault?
    let beganAt: Int64
    private(set) var received: Int64 = 0

    init(
        _ request: SandboxRequest,
        post: Post,
        upload: Upload,
        range: ClosedRange<Int64>,
        fault: SandboxFault?,
        beganAt: Int64
    ) {
        self.request = request
        publishID = post.publishID
        openID = post.openID
        attempt = upload.attempt
        first = range.lowerBound
        count = range.upperBound - range.lowerBound + 1
        digest = upload.digest
        self.fault = fault
        self.beganAt = beganAt
        digest.startChunk(at: first, attempt: attempt)
    }

    /// Hashes the next piece of the body.
    package mutating func take(_ piece: [UInt8]) {
        let piece =
            piece.count > count - received ? Array(piece.prefix(Int(count - received))) : piece
        digest.take(piece, at: first + received, attempt: attempt)
        received += Int64(piece.count)
    }

    /// Whether a fault wants the connection reset here, in the midst of the body.
    package var isCutOff: Bool {
        guard case .resetMidway(let bytes) = fault?.action else { return false }
        return received >= min(Int64(bytes), count)
    }
}

/// `bytes FIRST-LAST/TOTAL`.
struct ContentRange {
    let range: ClosedRange<Int64>
    let total: Int64

    init?(_ text: String?) {
        guard let text, text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let total = Self.number(parts[1]) else { return nil }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]),
            first <= last, last < total
        else { return nil }
        range = first...last
        self.total = total
    }

    /// Digits only: `Int64` alone would take a sign.
    private static func number(_ text: Substring) -> Int64? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }
}
