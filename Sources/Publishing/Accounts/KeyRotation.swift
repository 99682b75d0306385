package import Crypto
package import Postgres

/// Seals every stored secret again with the first key of `CRYPTOGRAPHY_KEY`.
///
/// Goes through the rows in batches, by name. There is no state but the rows themselves: what uses
/// the first key already is left alone, so that a rotation that was cut off is repeated from the
/// start and does only what is left. A row that changes under its hands is read again.
package struct KeyRotation: Sendable {
    private let database: PostgresPool
    private let fernet: Fernet

    package init(database: PostgresPool, fernet: Fernet) {
        self.database = database
        self.fernet = fernet
    }

    /// What a rotation, or a look, has found.
    package struct Report: Sendable {
        package var tokens = Count()
        /// Addresses of uploads under way: good for an hour after the upload began.
        package var uploads = Count()
        /// Accounts, and jobs, whose secrets no key opens; at most 100 of each.
        package var unreadableAccounts: [String] = []
        package var unreadableJobs: [String] = []

        package struct Count: Sendable, Equatable {
            package var rotated = 0
            /// Under the first key already.
            package var current = 0
            /// Under an older key.
            package var old = 0
            package var unreadable = 0
        }

        /// Whether the older keys can be taken out of `CRYPTOGRAPHY_KEY`.
        package var isDone: Bool {
            tokens.old + tokens.unreadable + uploads.old + uploads.unreadable == 0
        }

        fileprivate static let namesMax = 100
    }

    /// Rows of one batch.
    private static let batchRows = 200
    /// How often a row that others keep changing is read again.
    private static let rereadsMax = 5

    /// Seals again, then counts what still uses an older key: workers that run with the old order
    /// of keys may have written since.
    package func rotate() async throws -> Report {
        var rotated = Report()
        try await walk { row in try await self.rotate(row, &rotated) }
        var report = try await look()
        report.tokens.rotated = rotated.tokens.rotated
        report.uploads.rotated = rotated.uploads.rotated
        return report
    }

    /// Counts without changing anything.
    package func look() async throws -> Report {
        var report = Report()
        try await walk { row in self.count(row, &report) }
        return report
    }

    // MARK: Rows

    /// One row with the secrets it holds.
    private struct Row {
        enum Home { case account, upload }
        let home: Home
        let name: String
        let secrets: [String?]

        var sealed: [String] { secrets.compactMap { $0?.isEmpty == false ? $0 : nil } }
    }

    private func walk(_ visit: (Row) async throws -> Void) async throws {
        for home in [Row.Home.account, .upload] {
            var last = ""
            while true {
                let rows = try await batch(of: home, after: last)
                for row in rows { try await visit(row) }
                guard let end = rows.last else { break }
                last = end.name
            }
        }
    }

    private func batch(of home: Row.Home, after last: String) async throws -> [Row] {
        switch home {
        case .account:
            try await database.query(
                """
                SELECT account, access_token, refresh_token FROM tiktok_accounts
                WHERE account > \(last) ORDER BY account LIMIT \(Self.batchRows)
                """
            ).map { row in
                let secrets = try [row.textIfAny("access_token"), row.textIfAny("refresh_token")]
                return Row(home: home, name: try row.text("account"), secrets: secrets)
            }
        case .upload:
            try await database.query(
                """
                SELECT job_id, upload_url FROM publish_ledger
                WHERE job_id > \(last) AND upload_url IS NOT NULL AND upload_expires_at > now()
                ORDER BY job_id LIMIT \(Self.batchRows)
                """
            ).map { row in
                let secrets = try [row.textIfAny("upload_url")]
                return Row(home: home, name: try row.text("job_id"), secrets: secrets)
            }
        }
    }

    // MARK: One row

    private func rotate(_ row: Row, _ report: inout Report) async throws {
        var row = row
        for _ in 0..<Self.rereadsMax {
            let renewed = row.secrets.map { secret in secret.map(renew) }
            let count = zip(renewed, row.secrets).count { $0 != $1 }
            guard count > 0 else { return }
            if try await write(renewed, over: row) {
                switch row.home {
                case .account: report.tokens.rotated += count
                case .upload: report.uploads.rotated += count
                }
                return
            }
            guard let latest = try await reread(row) else { return }
            row = latest
        }
    }

    /// The secret under the first key; as it is where that is so already, or where no key opens it.
    private func renew(_ sealed: String) -> String {
        guard !sealed.isEmpty, !fernet.usesFirstKey(sealed) else { return sealed }
        // What cannot be opened is reported by the count that follows.
        return (try? fernet.rotate(sealed)) ?? sealed
    }

    /// Neither the version nor the time of the tokens changes: they are the same tokens.
    ///
    /// - Returns: whether the row was still as it was read.
    private func write(_ secrets: [String?], over row: Row) async throws -> Bool {
        switch row.home {
        case .account:
            try await database.execute(
                """
                UPDATE tiktok_accounts
                SET access_token = \(secrets[0]), refresh_token = \(secrets[1])
                WHERE account = \(row.name)
                  AND access_token IS NOT DISTINCT FROM \(row.secrets[0])
                  AND refresh_token IS NOT DISTINCT FROM \(row.secrets[1])
                """
            ) == 1
        case .upload:
            try await database.execute(
                """
                UPDATE publish_ledger SET upload_url = \(secrets[0])
                WHERE job_id = \(row.name) AND upload_url = \(row.secrets[0])
                """
            ) == 1
        }
    }

    private func reread(_ row: Row) async throws -> Row? {
        switch row.home {
        case .account:
            try await database.query(
                """
                SELECT access_token, refresh_token FROM tiktok_accounts
                WHERE account = \(row.name)
                """
            ).first.map { found in
                let secrets = try [
                    found.textIfAny("access_token"), found.textIfAny("refresh_token"),
                ]
                return Row(home: row.home, name: row.name, secrets: secrets)
            }
        case .upload:
            try await database.query(
                "SELECT upload_url FROM publish_ledger WHERE job_id = \(row.name)"
            ).first.map { found in
                Row(
                    home: row.home,
                    name: row.name,
                    secrets: [try found.textIfAny("upload_url")]
                )
            }
        }
    }

    private func count(_ row: Row, _ report: inout Report) {
        var count = Report.Count()
        for secret in row.sealed {
            if fernet.usesFirstKey(secret) {
                count.current += 1
            } else if (try? fernet.open(secret)) != nil {
                count.old += 1
            } else {
                count.unreadable += 1
            }
        }
        switch row.home {
        case .account:
            report.tokens += count
            report.unreadableAccounts.add(row.name, if: count.unreadable > 0)
        case .upload:
            report.uploads += count
            report.unreadableJobs.add(row.name, if: count.unreadable > 0)
        }
    }
}

extension KeyRotation.Report.Count {
    fileprivate static func += (total: inout Self, other: Self) {
        total.rotated += other.rotated
        total.current += other.current
        total.old += other.old
        total.unreadable += other.unreadable
    }
}

extension [String] {
    fileprivate mutating func add(_ name: String, if isOne: Bool) {
        if isOne, count < KeyRotation.Report.namesMax { append(name) }
    }
}
