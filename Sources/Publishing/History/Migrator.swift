package import Postgres

/// Brings the schema up to date, one step at a time and one process at a time.
package struct Migrator: Sendable {
    /// One numbered file of `Migrations/`.
    package struct Migration: Sendable {
        package let number: Int
        package let name: String
        package let script: String
    }

    /// All of them, the oldest first.
    package static let all = [
        Migration(
            number: 1,
            name: "schema",
            script: String(decoding: PackageResources.V001_schema_sql, as: UTF8.self)
        ),
        Migration(
            number: 2,
            name: "token_refresh",
            script: String(decoding: PackageResources.V002_token_refresh_sql, as: UTF8.self)
        ),
        Migration(
            number: 3,
            name: "pulled_posts",
            script: String(decoding: PackageResources.V003_pulled_posts_sql, as: UTF8.self)
        ),
        Migration(
            number: 4,
            name: "webhooks",
            script: String(decoding: PackageResources.V004_webhooks_sql, as: UTF8.self)
        ),
        Migration(
            number: 5,
            name: "webhook_tries",
            script: String(decoding: PackageResources.V005_webhook_tries_sql, as: UTF8.self)
        ),
    ]

    /// The version that this program needs.
    package static let current = all.last?.number ?? 0

    /// Any fixed number will do, as long as nobody else in the database locks the same.
    private static let lock = 7_236_501_944_821

    private let database: PostgresPool
    private let schema: String

    package init(database: PostgresPool, schema: String) {
        self.database = database
        self.schema = schema
    }

    /// The version of the schema; 0 when there is none.
    package func version() async throws(PostgresError) -> Int {
        let exists = try await database.query(
            "SELECT to_regclass(\(Self.table(in: schema))) IS NOT NULL AS exists"
        )
        guard let row = exists.first, try row.bool("exists") else { return 0 }
        let rows = try await database.query(
            "SELECT coalesce(max(version), 0) AS version FROM publish_migrations"
        )
        return try rows.first?.int("version") ?? 0
    }

    /// Applies what is missing, in one transaction.
    ///
    /// - Returns: the migrations applied by this call.
    package func migrate() async throws -> [Migration] {
        try await database.transaction { transaction in
            _ = try await transaction.query("SELECT pg_advisory_xact_lock(\(Self.lock))")
            _ = try await transaction.execute(
                "CREATE SCHEMA IF NOT EXISTS \(identifier: schema)"
            )
            _ = try await transaction.execute(
                """
                CREATE TABLE IF NOT EXISTS publish_migrations (
                    version int PRIMARY KEY,
                    name text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now()
                )
                """
            )
            let done = try await transaction.query(
                "SELECT coalesce(max(version), 0) AS version FROM publish_migrations"
            )
            let version = try done.first?.int("version") ?? 0
            let missing = Self.all.filter { $0.number > version }
            for migration in missing {
                try await transaction.runScript(migration.script)
                _ = try await transaction.execute(
                    """
                    INSERT INTO publish_migrations (version, name)
                    VALUES (\(migration.number), \(migration.name))
                    """
                )
            }
            return missing
        }
    }

    /// The migrations as one script, for people who apply them by hand.
    package static var script: String {
        all.map { "-- V\($0.number) \($0.name)\n\($0.script)" }.joined(separator: "\n")
    }

    private static func table(in schema: String) -> String {
        let quoted = schema.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"")
        return "\"\(quoted)\".publish_migrations"
    }
}
