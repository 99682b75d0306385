package import Crypto
internal import FoundationEssentials
package import TikTok

/// One upload, from the first question to the last byte; what comes after is the verdict's.
///
/// What is known is committed before the next step is taken, so that another worker can go on
/// after any of them: read `post` from top to bottom.
package struct Uploads: Sendable {
    let api: TikTokAPI
    let history: History
    let creators: CreatorRules
    let fernet: Fernet
    let rules: Rules
    let memory: UploadMemory

    package struct Rules: Sendable {
        /// Preferred bytes of a chunk, 5242880–32000000.
        package let chunkBytes: Int64
        package let hosts: UploadHosts
        /// How long TikTok may take with its verdict.
        package let verdictDeadline: Duration

        package init(chunkBytes: Int64, hosts: UploadHosts, verdictDeadline: Duration) {
            self.chunkBytes = chunkBytes
            self.hosts = hosts
            self.verdictDeadline = verdictDeadline
        }

        /// - Throws: `.refused` for a size that no plan fits.
        func plan(for bytes: Int64) throws(Stop) -> ChunkPlan {
            do throws(ChunkPlanError) {
                return try ChunkPlan(size: bytes, preferred: chunkBytes)
            } catch {
                throw .refused(.mediaTooLarge(bytes))
            }
        }
    }

    package init(
        api: TikTokAPI,
        history: History,
        creators: CreatorRules,
        fernet: Fernet,
        rules: Rules,
        memory: UploadMemory
    ) {
        self.api = api
        self.history = history
        self.creators = creators
        self.fernet = fernet
        self.rules = rules
        self.memory = memory
    }

    /// Gets every byte of `video` to TikTok; returns when only the verdict is missing.
    func post(_ video: Video, for turn: Turn, ledger: Ledger) async throws(Stop) {
        let room = try await turn.whileGoingOn { () throws(Stop) in
            try await memory.room(for: video.bufferBytes, of: video.isFile ? .file : .address)
        }
        defer { withExtendedLifetime(room) {} }
        try turn.checkGoingOn()
        let session =
            if let publishID = ledger.publishID, let upload = ledger.upload {
                try await resume(publishID, upload, video, turn, doubt(ledger))
            } else {
                try await begin(video, turn)
            }
        if let session {
            try await send(video, session, turn)
        }
        try await end(video, turn, session)
    }

    /// An upload that TikTok waits for.
    struct Session: Sendable {
        let publishID: String
        let address: UploadAddress
        let expiresAt: Date
        let plan: ChunkPlan
        /// The next chunk to send.
        var next: Int64
        let source: HashingSource
        /// Whether the last chunk was sent without a reply that says what became of it.
        var mayHaveArrived = false
        /// Set when an earlier worker may have sent it: as `doubt(_:)` says.
        var doubt: Date?
    }

    // MARK: A new upload

    private func begin(_ video: Video, _ turn: Turn) async throws(Stop) -> Session {
        let creator = try await creators.creator(of: turn, seconds: video.seconds)
        try video.checkLength(most: CreatorRules.longestVideo(of: creator))
        let plan = try rules.plan(for: video.bytes)
        let post = PostInit(turn.job, creator, from: .upload(plan))
        // Before the call is counted; `asking` asks again right before it is made.
        try turn.checkMayBegin()
        // An init whose answer is lost is simply asked again: without bytes it posts nothing.
        let opened: OpenedPost
        do {
            opened = try await turn.asking(turn.job.initEndpoint) { () throws(TikTokError) in
                try await turn.whileHeld(api).open(post, token: turn.token)
            }
        } catch {
            creators.forget(turn.job.account)
            throw error
        }
        guard let address = opened.uploadAddress else {
            throw .failed(.uploadStuck("TikTok named no address for it"))
        }
        let session = Session(
            publishID: opened.publishID,
            address: address,
            expiresAt: .now + UploadLimits.uploadAddressUse.seconds,
            plan: plan,
            next: 0,
            source: HashingSource(video.source)
        )
        try await commit(session, of: video, turn, logID: opened.logID)
        return session
    }

    /// Makes the upload known to whoever may have to go on with it, before the first byte.
    private func commit(
        _ session: Session,
        of video: Video,
        _ turn: Turn,
        logID: String?
    ) async throws(Stop) {
        let sealed: String
        do {
            sealed = try fernet.seal(SecretText(session.address.reveal()))
        } catch {
            throw .failed(.uploadStuck("no random bytes to seal its address with"))
        }
        let upload = Ledger.Upload(
            sealedAddress: sealed,
            expiresAt: session.expiresAt,
            chunkBytes: session.plan.chunkSize,
            chunkCount: Int(session.plan.count),
            source: video.identity,
            sentBytes: 0
        )
        let deadline = verdictDeadline(session)
        try await turn.recording { () throws(HistoryError) in
            try await history.uploadAgreed(
                turn.entry,
                publishID: session.publishID,
                upload: upload,
                verdictBy: deadline,
                logID: logID
            )
        }
        if let deadline { turn.standing.mayGoOut(verdictBy: deadline) }
    }

    // MARK: An upload that another worker began

    /// Asks TikTok how far the upload is.
    ///
    /// - Parameter doubt: as `doubt(_:)` says.
    /// - Returns: `nil` when TikTok has every byte.
    private func resume(
        _ publishID: String,
        _ upload: Ledger.Upload,
        _ video: Video,
        _ turn: Turn,
        _ doubt: Date?
    ) async throws(Stop) -> Session? {
        guard upload.source == video.identity else { throw .refused(.mediaChanged) }
        let plan: ChunkPlan
        let address: UploadAddress
        do {
            (plan, address) = try restore(upload)
        } catch {
            throw await lost(doubt, turn, because: .uploadStuck("its ledger cannot be read"))
        }
        let status = try await status(of: publishID, turn)
        guard status.stage == .processingUpload else { return nil }
        // TikTok's count where it gives one that makes sense; else what it confirmed to us.
        let stored =
            status.uploadedBytes.flatMap { plan.chunksStored(reported: $0) }
            ?? upload.sentBytes / plan.chunkSize
        guard stored < plan.count else { return nil }
        guard upload.expiresAt > .now else {
            throw await lost(doubt, turn, because: .uploadAddressExpired)
        }
        var session = Session(
            publishID: publishID,
            address: address,
            expiresAt: upload.expiresAt,
            plan: plan,
            next: stored,
            source: HashingSource(video.source)
        )
        session.doubt = doubt
        let verdictBy = verdictDeadline(session) ?? doubt
        try await turn.recording { () throws(HistoryError) in
            try await history.uploadResumed(
                turn.entry,
                at: plan.chunk(stored).first,
                verdictBy: verdictBy
            )
        }
        if let verdictBy { turn.standing.mayGoOut(verdictBy: verdictBy) }
        return session
    }

    /// Asks how far the upload is; one that TikTok has forgotten before its last chunk begins anew.
    func status(of publishID: String, _ turn: Turn) async throws(Stop) -> PostStatus {
        do {
            return try await turn.asking(.postStatus) { () throws(TikTokError) in
                try await api.postStatus(of: publishID, token: turn.token)
            }
        } catch {
            guard case .tiktok(let refusal) = error, refusal.code == .known(.invalidPublishID),
                turn.standing.verdictDeadline == nil
            else { throw error }
            throw await forget(turn, because: .uploadAddressExpired)
        }
    }

    /// Reads the plan and opens the address that were agreed to.
    private func restore(_ upload: Ledger.Upload) throws -> (ChunkPlan, UploadAddress) {
        let plan = try ChunkPlan(
            size: upload.source.bytes,
            chunkSize: upload.chunkBytes,
            count: Int64(upload.chunkCount)
        )
        let address = try fernet.openText(upload.sealedAddress).reveal()
        return (plan, try UploadAddress(address, hosts: rules.hosts))
    }

    /// Drops an upload that TikTok has not got all bytes of, so that the next attempt begins anew.
    func forget(_ turn: Turn, because failure: Failure) async -> Stop {
        do throws(Stop) {
            try await turn.recording { () throws(HistoryError) in
                try await history.uploadForgotten(turn.entry, why: failure)
            }
            turn.standing.bytesAreMissing()
            return .failed(failure)
        } catch {
            return error
        }
    }
}
