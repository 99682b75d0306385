/// What to do after one chunk was sent.
///
/// Codes: Media Transfer Guide, copy of 2026-09-11; what we do about them is ours. No case says
/// "send anyway": bytes are repeated only where nothing can be posted twice by it.
package enum ChunkReply: Sendable, Equatable {
    /// TikTok holds every chunk before this index, which is the next to send.
    case next(Int64)
    /// TikTok has all bytes and begins to post: ask for the status, never send again.
    case finished
    /// TikTok says it has all bytes before we sent them; as `finished`, and worth a warning.
    case finishedEarly
    /// Unclear; TikTok may have everything.
    ///
    /// Ask for the status before anything else.
    case askStatus
    /// The same bytes again after a pause; the pause is TikTok's when it names one.
    case resend(after: Duration?)
    /// The same bytes once more on a new connection; when that does not help, stop and reconcile.
    case resendOnce
    /// TikTok's count is behind ours: go on from this earlier index.
    ///
    /// Bounded by the caller.
    case rewind(to: Int64)
    /// The address has expired (403) or is not known (404): stop, and reconcile.
    case addressGone(httpStatus: Int)
    /// TikTok found the request malformed: our mistake, repeating it cannot help.
    case malformed
    /// Somebody wants the bytes elsewhere: stop; they are never sent after a redirect.
    case redirected(httpStatus: Int)
    /// A code nobody documents: stop, and reconcile.
    case unexpected(httpStatus: Int)

    /// Judges the reply to the chunk of that index.
    package init(_ receipt: ChunkReceipt, to index: Int64, of plan: ChunkPlan) {
        let isLast = plan.isLast(index)
        switch receipt.httpStatus {
        case 206: self = Self.stored(receipt, index, plan)
        case 201: self = isLast ? .finished : .finishedEarly
        case 200...299: self = .askStatus
        case 300...399: self = .redirected(httpStatus: receipt.httpStatus)
        case 400: self = .malformed
        case 403, 404: self = .addressGone(httpStatus: receipt.httpStatus)
        case 416: self = Self.disagreement(receipt, index, plan)
        case 429: self = .resend(after: receipt.retryAfter)
        case 408, 500...599: self = isLast ? .askStatus : .resend(after: receipt.retryAfter)
        default: self = .unexpected(httpStatus: receipt.httpStatus)
        }
    }

    /// After no reply came: bytes of a middle chunk can be repeated, the last may have posted.
    package static func afterLostReply(to index: Int64, of plan: ChunkPlan) -> ChunkReply {
        plan.isLast(index) ? .askStatus : .resend(after: nil)
    }

    /// Goes on from what TikTok reports, by a header or as `uploaded_bytes` of the status.
    ///
    /// The number is read as by `ChunkPlan.chunksStored`.
    package static func resuming(
        reported: Int64,
        at index: Int64,
        of plan: ChunkPlan
    ) -> ChunkReply {
        guard let stored = plan.chunksStored(reported: reported) else { return .resendOnce }
        if stored == plan.count { return .finished }
        if stored > index { return .next(stored) }
        return stored == index ? .resendOnce : .rewind(to: stored)
    }

    /// 206: more is expected.
    ///
    /// TikTok's own count, where it gives one, has the last word.
    private static func stored(
        _ receipt: ChunkReceipt,
        _ index: Int64,
        _ plan: ChunkPlan
    ) -> ChunkReply {
        if plan.isLast(index) { return .askStatus }
        switch receipt.progress {
        case .none: return receipt.isProgressUnreadable ? .askStatus : .next(index + 1)
        case .some(let progress) where progress.total != plan.size: return .askStatus
        case .some(let progress):
            let reply = resuming(reported: progress.reported, at: index, of: plan)
            return reply == .finished ? .askStatus : reply
        }
    }

    /// 416: our range is not the one TikTok waits for.
    private static func disagreement(
        _ receipt: ChunkReceipt,
        _ index: Int64,
        _ plan: ChunkPlan
    ) -> ChunkReply {
        guard let progress = receipt.progress, progress.total == plan.size else {
            return .askStatus
        }
        return resuming(reported: progress.reported, at: index, of: plan)
    }
}

/// What TikTok's `Content-Range` of a reply says: `bytes 0-REPORTED/TOTAL`.
package struct ChunkProgress: Sendable, Equatable {
    /// A count of bytes or the offset of the last one; undocumented which.
    package let reported: Int64
    package let total: Int64

    package init(reported: Int64, total: Int64) {
        self.reported = reported
        self.total = total
    }

    /// Reads the header.
    ///
    /// - Returns: `nil` for anything but the exact form, beginning at byte 0.
    package init?(contentRange: String) {
        let words = contentRange.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
        let halves = words[1].split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, ends[0] == "0", let reported = wholeNumber(ends[1]),
            let total = wholeNumber(halves[1]), reported <= total
        else { return nil }
        self.init(reported: reported, total: total)
    }
}

/// Digits only, so no sign, within 63 bits.
func wholeNumber(_ text: some StringProtocol) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(text)
}
