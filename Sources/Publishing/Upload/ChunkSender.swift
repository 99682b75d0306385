internal import FoundationEssentials
internal import HTTP
internal import TikTok

/// Sends the chunks of one upload, strictly in order, as `ChunkReply` says.
extension Uploads {
    /// Tries of one chunk within one turn; the count starts again with every chunk that arrives.
    private static let triesPerChunk = 6

    /// Waits up to this long stay in memory; a longer one becomes a durable timer.
    private static let patience = Duration.seconds(10)

    /// Sends what is missing; returns when TikTok has every byte.
    func send(_ video: Video, _ session: Session, _ turn: Turn) async throws(Stop) {
        var session = session
        var tries = 0
        // Bounds what a server that keeps changing its mind can make us do.
        var detours = Int(session.plan.count) + 4
        while session.next < session.plan.count {
            try turn.checkGoingOn()
            guard session.expiresAt > .now else {
                throw await addressLost(session, turn)
            }
            try await video.checkUnchanged()
            let reply = try await sendOne(session.plan.chunk(session.next), video, session, turn)
            if reply == .askStatus, session.plan.isLast(session.next) {
                session.mayHaveArrived = true
            }
            let step = try await judge(reply, session, turn)
            switch step {
            case .arrived(let next) where next > session.next:
                session.next = next
                tries = 0
                try await note(session, turn)
            case .arrived(let next):
                session.next = next
                detours -= 1
            case .again(let pause):
                tries += 1
                guard tries < Self.triesPerChunk, pause ?? .zero <= Self.patience else {
                    var failure = Failure.uploadStuck("a chunk did not get through")
                    failure.retryAfter = pause
                    failure.isServersFault = true
                    try await lastChunkIsRefused(session, turn)
                    throw .failed(failure)
                }
                await turn.pause(max(pause ?? .zero, Self.backOff(tries)))
            }
            guard detours > 0 else {
                throw .failed(.uploadStuck("TikTok's count of the bytes does not settle"))
            }
        }
    }

    /// What one reply means for the loop.
    private enum Step {
        /// TikTok has every chunk before this index.
        case arrived(Int64)
        case again(after: Duration?)
    }

    private func sendOne(
        _ chunk: Chunk,
        _ video: Video,
        _ session: Session,
        _ turn: Turn
    ) async throws(Stop) -> ChunkReply {
        let source = session.source
        let body = HTTPBody.stream(length: chunk.length) { offset, count in
            try await source.read(at: chunk.first + offset, count: count)
        }
        // A look at the file may have taken any time.
        try turn.checkHeld()
        do {
            let receipt = try await turn.whileHeld(api).sendChunk(
                chunk,
                video.container,
                body: body,
                to: session.address,
                deadline: .seconds(max(1, session.expiresAt.timeIntervalSinceNow))
            )
            return ChunkReply(receipt, to: chunk.index, of: session.plan)
        } catch {
            try turn.checkHeld()
            try await video.checkUnchanged()
            // A source that cannot be read is no fault of TikTok's, and its own tries are over.
            if let trouble = source.trouble { throw trouble }
            guard error.mayHaveTakenEffect else { return .resend(after: error.retryAfter) }
            return .afterLostReply(to: chunk.index, of: session.plan)
        }
    }

    private func judge(
        _ reply: ChunkReply,
        _ session: Session,
        _ turn: Turn
    ) async throws(Stop) -> Step {
        switch reply {
        case .next(let index), .rewind(to: let index):
            return .arrived(index)
        case .finished, .finishedEarly:
            return .arrived(session.plan.count)
        case .resend(after: let pause):
            return .again(after: pause)
        case .resendOnce:
            return .again(after: nil)
        case .askStatus:
            return try await ask(session, turn)
        case .addressGone:
            // The address may be gone because the post is complete: never begin anew before asking.
            if case .arrived(let next) = try await ask(session, turn), next == session.plan.count {
                return .arrived(next)
            }
            throw await addressLost(session, turn)
        case .malformed:
            try await lastChunkIsRefused(session, turn)
            throw .refused(.chunkRefused(400))
        case .redirected(let status), .unexpected(let status):
            try await lastChunkIsRefused(session, turn)
            throw .refused(.chunkRefused(status))
        }
    }

    /// TikTok takes no bytes there any more.
    ///
    /// Begins anew only when the last chunk surely never arrived: TikTok's count may lag behind, so
    /// where a reply was lost it is asked again in a later turn.
    private func addressLost(_ session: Session, _ turn: Turn) async -> Stop {
        guard !session.mayHaveArrived, session.doubt == nil else {
            do throws(Stop) {
                try await lastChunkIsRefused(session, turn)
                return .failed(.uploadAddressExpired)
            } catch {
                return error
            }
        }
        return await forget(turn, because: .uploadAddressExpired)
    }

    /// The chunk was turned away, every time it was sent in this turn: then nothing can be out,
    /// unless an earlier worker's has arrived.
    private func lastChunkIsRefused(_ session: Session, _ turn: Turn) async throws(Stop) {
        guard !session.mayHaveArrived, turn.standing.verdictDeadline != nil else { return }
        let doubt = session.doubt
        if let doubt {
            turn.standing.mayGoOut(verdictBy: doubt)
        } else {
            turn.standing.bytesAreMissing()
        }
        try await turn.recording { () throws(HistoryError) in
            try await history.lastChunkRefused(turn.entry, verdictBy: doubt)
        }
    }

    /// TikTok's own count decides how to go on.
    private func ask(_ session: Session, _ turn: Turn) async throws(Stop) -> Step {
        let status = try await status(of: session.publishID, turn)
        guard status.stage == .processingUpload else { return .arrived(session.plan.count) }
        guard let uploaded = status.uploadedBytes,
            let stored = session.plan.chunksStored(reported: uploaded)
        else { return .again(after: nil) }
        return stored == session.next ? .again(after: nil) : .arrived(stored)
    }

    /// Commits progress.
    ///
    /// PostgreSQL away is no reason to stop sending, for whoever takes over asks TikTok; but before
    /// the last chunk it must be known that the post may go live.
    private func note(_ session: Session, _ turn: Turn) async throws(Stop) {
        guard session.next < session.plan.count else { return }
        let offset = session.plan.chunk(session.next).first
        await turn.progressed(to: offset, of: session.plan.size)
        if let deadline = verdictDeadline(session) {
            try await turn.recording { () throws(HistoryError) in
                try await history.chunkSent(turn.entry, upTo: offset, verdictBy: deadline)
            }
            turn.standing.mayGoOut(verdictBy: deadline)
            return
        }
        do throws(HistoryError) {
            try await history.chunkSent(turn.entry, upTo: offset, verdictBy: nil)
        } catch {
            if case .stale = error { throw .lost }
        }
    }

    private static func backOff(_ tries: Int) -> Duration {
        .milliseconds(250 * (1 << min(tries, 5))) * Double.random(in: 0.5..<1)
    }
}
