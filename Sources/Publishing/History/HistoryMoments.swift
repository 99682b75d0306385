internal import FoundationEssentials
internal import JSON
internal import Postgres
internal import TikTok

/// The moments of a job's life that leave a trace, in the order in which they come.
extension History {
    /// The account was found; says whose post it is.
    func began(_ entry: Entry, openID: String?) async throws(HistoryError) {
        try await write("open_id = \(openID)", to: entry, event: "preparing")
    }

    /// TikTok agreed to an upload: committed before the first byte is sent.
    ///
    /// - Parameter deadline: for its verdict, when the first chunk is also the last.
    func uploadAgreed(
        _ entry: Entry,
        publishID: String,
        upload: Ledger.Upload,
        verdictBy deadline: Date?,
        logID: String?
    ) async throws(HistoryError) {
        try await write(
            """
            status = 'uploading', publish_id = \(publishID), log_id = \(logID),
            media_bytes = \(upload.source.bytes), uploaded_bytes = 0,
            error_code = NULL, error_owner = NULL, error_message = NULL, error_action = NULL
            """,
            ledger: """
                publish_id = \(publishID), upload_url = \(upload.sealedAddress),
                upload_expires_at = \(upload.expiresAt), chunk_bytes = \(upload.chunkBytes),
                chunk_count = \(upload.chunkCount), source_bytes = \(upload.source.bytes),
                source_modified_ns = \(upload.source.modifiedNanoseconds),
                source_inode = \(upload.source.inode), sent_bytes = 0,
                verdict_deadline = \(deadline)
                """,
            to: entry,
            event: "upload_agreed",
            detail: [
                "publish_id": .string(publishID), "bytes": .integer(upload.source.bytes),
                "chunk_bytes": .integer(upload.chunkBytes),
                "chunks": .integer(Int64(upload.chunkCount)),
            ]
        )
    }

    /// A worker goes on with an upload where it was left.
    func uploadResumed(
        _ entry: Entry,
        at offset: Int64,
        verdictBy deadline: Date?
    ) async throws(HistoryError) {
        try await write(
            "status = 'uploading', uploaded_bytes = \(offset)",
            ledger: "sent_bytes = \(offset), verdict_deadline = \(deadline)",
            to: entry,
            event: "upload_resumed",
            detail: ["offset": .integer(offset)]
        )
    }

    /// TikTok confirmed bytes up to `offset`.
    ///
    /// - Parameter deadline: for its verdict, when only the last chunk is left: from here on the
    ///   post may go live.
    func chunkSent(
        _ entry: Entry,
        upTo offset: Int64,
        verdictBy deadline: Date?
    ) async throws(HistoryError) {
        try await write(
            "uploaded_bytes = \(offset)",
            ledger: "sent_bytes = \(offset), verdict_deadline = \(deadline)",
            to: entry,
            event: "chunk_sent",
            detail: ["uploaded_bytes": .integer(offset)]
        )
    }

    /// The last chunk was turned away each time it was sent: the post cannot be out.
    ///
    /// - Parameter deadline: for TikTok's verdict on what an earlier worker may have sent.
    func lastChunkRefused(
        _ entry: Entry,
        verdictBy deadline: Date?
    ) async throws(HistoryError) {
        try await write(
            "uploaded_bytes = uploaded_bytes",
            ledger: "verdict_deadline = \(deadline)",
            to: entry,
            event: "chunk_refused"
        )
    }

    /// Every byte is at TikTok; from here only its verdict is missing.
    ///
    /// - Parameter sha256: of the whole file, where it is known already.
    func uploadEnded(
        _ entry: Entry,
        bytes: Int64,
        sha256: String?,
        verdictBy deadline: Date
    ) async throws(HistoryError) {
        try await write(
            """
            status = 'processing', uploaded_bytes = \(bytes), uploaded_at = now(),
            media_sha256 = coalesce(\(sha256), media_sha256)
            """,
            ledger: "sent_bytes = \(bytes), verdict_deadline = \(deadline)",
            to: entry,
            event: "uploaded",
            detail: ["bytes": .integer(bytes)]
        )
    }

    /// What was uploaded, for people who look for duplicates.
    func hashed(_ entry: Entry, sha256: String) async throws(HistoryError) {
        try await write(
            "media_sha256 = \(sha256)",
            to: entry,
            event: "hashed",
            detail: ["sha256": .string(sha256)]
        )
    }

    /// The upload's address died, or TikTok forgot it: the next init starts from nothing.
    func uploadForgotten(_ entry: Entry, why failure: Failure) async throws(HistoryError) {
        try await write(
            "status = 'preparing', publish_id = NULL, uploaded_bytes = NULL",
            ledger: Self.noUpload,
            to: entry,
            event: "upload_abandoned",
            detail: ["code": .string(failure.code)]
        )
    }

    /// A ledger that knows of no upload.
    static let noUpload: SQL = """
        publish_id = NULL, upload_url = NULL, upload_expires_at = NULL, chunk_bytes = NULL,
        chunk_count = NULL, source_bytes = NULL, source_modified_ns = NULL, source_inode = NULL,
        sent_bytes = 0, verdict_deadline = NULL, init_started_at = NULL
        """

    // MARK: Ends and waits

    func waits(
        _ entry: Entry,
        for reason: WaitingFor,
        until: Date?,
        status: Status,
        why failure: Failure?
    ) async throws(HistoryError) {
        var changes: SQL = """
            status = \(status.rawValue), waiting_for = \(reason.rawValue),
            next_attempt_at = \(until)
            """
        if let failure { changes += ", " + Self.errorColumns(failure) }
        try await write(
            changes,
            to: entry,
            event: status == .processing ? "status_asked" : "waiting",
            detail: [
                "waiting_for": .string(reason.rawValue),
                "code": failure.map { .string($0.code) } ?? .null,
            ]
        )
    }

    func ends(
        _ entry: Entry,
        as status: Status,
        failure: Failure?,
        postIDs: [String] = [],
        shareURL: String? = nil
    ) async throws(HistoryError) {
        var changes: SQL = """
            status = \(status.rawValue), post_ids = \(postIDs), share_url = \(shareURL),
            waiting_for = NULL, next_attempt_at = NULL, finished_at = now(),
            """
        changes += failure.map(Self.errorColumns) ?? Self.noErrorColumns
        try await write(
            changes,
            ledger: "upload_url = NULL",
            to: entry,
            event: status.rawValue,
            detail: failure.map { ["code": .string($0.code)] } ?? [:]
        )
    }

    static func errorColumns(_ failure: Failure) -> SQL {
        """
        error_code = \(failure.code), error_owner = \(failure.owner.rawValue),
        error_message = \(failure.message), error_action = \(failure.action),
        log_id = coalesce(\(failure.logID), log_id)
        """
    }

    static let noErrorColumns: SQL =
        "error_code = NULL, error_owner = NULL, error_message = NULL, error_action = NULL"

    // MARK: Rows without a claim's entry

    /// A document that broke a rule, but whose id could be read.
    ///
    /// An existing row stays as it is.
    func rejected(
        _ broken: BrokenDocument,
        claim: Claim
    ) async throws(HistoryError) {
        guard let id = broken.id else { return }
        let failure = Failure.documentBroken(broken)
        let insert: SQL = """
            WITH rejected AS (
                INSERT INTO publish_history (
                    job_id, account, kind, mode, status, queue, source, worker, received_at,
                    finished_at, fence, error_code, error_owner, error_message, error_action)
                VALUES (
                    \(id), \(broken.account ?? ""), 'video', 'direct', 'rejected', \(claim.queue),
                    \(broken.source), \(worker), \(claim.receivedAt), now(), \(claim.fence),
                    \(failure.code), \(failure.owner.rawValue), \(failure.message),
                    \(failure.action))
                ON CONFLICT (job_id) DO NOTHING
            )
            """
        try await add(insert + event("rejected", of: id, claim, Self.detail(of: broken)))
    }

    /// The same id came again: the first job stands.
    ///
    /// Told once for each time it came, however often a worker dies before it has told the queue.
    func duplicate(of jobID: String, claim: Claim) async throws(HistoryError) {
        try await add(event("duplicate", of: jobID, claim, [:]))
    }

    /// An event that is there once for each ticket.
    private func event(
        _ name: String,
        of jobID: String,
        _ claim: Claim,
        _ detail: [String: JSONValue]
    ) -> SQL {
        let mark: JSONValue = ["ticket": .string(claim.ticket)]
        let detail = JSONValue.object(detail.merging(["ticket": .string(claim.ticket)]) { $1 })
        return """
            INSERT INTO publish_events (job_id, event, attempt, worker, detail)
            SELECT \(jobID), \(name), 1, \(worker), \(detail.encodedText)::jsonb
            WHERE NOT EXISTS (
                SELECT 1 FROM publish_events
                WHERE job_id = \(jobID) AND event = \(name)
                  AND detail @> \(mark.encodedText)::jsonb)
            """
    }

    private func add(_ insert: SQL) async throws(HistoryError) {
        do {
            _ = try await database.execute(insert)
        } catch {
            throw noted(error)
        }
    }

    private static func detail(of broken: BrokenDocument) -> [String: JSONValue] {
        let rules = broken.rules.map { rule -> JSONValue in
            ["field": .string(rule.field), "got": .string(rule.got), "rule": .string(rule.rule)]
        }
        return ["rules": .array(rules)]
    }
}
