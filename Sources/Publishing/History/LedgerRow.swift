internal import FoundationEssentials
internal import Postgres

extension Ledger {
    /// Reads a row of `publish_ledger`.
    init(_ row: PostgresRow) throws(PostgresError) {
        publishID = try row.textIfAny("publish_id")
        verdictDeadline = try row.dateIfAny("verdict_deadline")
        initStartedAt = try row.dateIfAny("init_started_at")
        guard let address = try row.textIfAny("upload_url") else {
            upload = nil
            return
        }
        upload = Upload(
            sealedAddress: address,
            expiresAt: try row.date("upload_expires_at"),
            chunkBytes: try row.int64("chunk_bytes"),
            chunkCount: try row.int("chunk_count"),
            source: SourceIdentity(
                bytes: try row.int64("source_bytes"),
                modifiedNanoseconds: try row.int64("source_modified_ns"),
                inode: try row.text("source_inode")
            ),
            sentBytes: try row.int64("sent_bytes")
        )
    }
}
