import Foundation
import Postgres
import PrivateServers
import Processes
import Redis
import Support
import Testing

/// What befalls a server, and how it gets well again.
struct Blow: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// As the worker's log names it.
    let server: String
    var settings: [String: String] = [:]
    /// Comes before the worker starts.
    var prepare: @Sendable (TestBed) async throws -> Void = { _ in }
    let strike: @Sendable (TestBed) async throws -> Void
    let mend: @Sendable (TestBed) async throws -> Void
}

// MARK: Redis

extension Blow {
    static let ofRedis = [
        Blow(testDescription: "Redis is stopped", server: "redis") {
            await $0.servers.redis.stop()
        } mend: {
            try await $0.servers.redis.restart()
        },
        Blow(testDescription: "Redis is killed", server: "redis") {
            await $0.servers.redis.kill()
        } mend: {
            try await $0.servers.redis.restart()
        },
        Blow(testDescription: "Redis is frozen", server: "redis") {
            await $0.servers.redis.pause()
        } mend: {
            await $0.servers.redis.resume()
        },
        Blow(testDescription: "Redis takes long to load its data", server: "redis") { bed in
            // About a second for 6000 commands, and it serves others after each 1024.
            let filler = (0..<6000).map { ["SET", .text("filler:\($0)"), "x"] as [RedisArgument] }
            _ = try await bed.redis.pipeline(filler)
            await bed.servers.redis.stop()
            try bed.servers.redis.configure(["key-load-delay 200"])
        } mend: {
            try await $0.servers.redis.restart()
        },
        Blow(testDescription: "Redis is a replica of a server that is gone", server: "redis") {
            await $0.servers.redis.tell("REPLICAOF 127.0.0.1 1")
        } mend: {
            await $0.servers.redis.tell("REPLICAOF NO ONE")
        },
        Blow(testDescription: "Redis misses its replicas", server: "redis") {
            await $0.servers.redis.tell("CONFIG SET min-replicas-to-write 1")
        } mend: {
            await $0.servers.redis.tell("CONFIG SET min-replicas-to-write 0")
        },
        Blow(testDescription: "Redis cannot save its data", server: "redis") { bed in
            // In the way of the file it would write.
            try FileManager.default.createDirectory(
                atPath: bed.servers.redis.folder + "/dump.rdb",
                withIntermediateDirectories: false
            )
            await bed.servers.redis.tell("CONFIG SET save '3600 1'", "BGSAVE")
        } mend: {
            await $0.servers.redis.tell("CONFIG SET save ''")
        },
        Blow(testDescription: "Redis is busy with a script", server: "redis") { bed in
            await bed.servers.redis.tell("CONFIG SET busy-reply-threshold 50")
            // Answered when the script is killed, or not at all: nobody waits for it.
            Task { await bed.servers.redis.tell("EVAL 'while true do end' 0") }
        } mend: { bed in
            try await waitUntil("the script's end") {
                await bed.servers.redis.tell("SCRIPT KILL")
                return await bed.servers.redis.tell("PING")?.hasSuffix("+PONG") == true
            }
        },
        Blow(testDescription: "Redis has as many clients as it takes", server: "redis") { bed in
            // The one place stays ours.
            _ = try await bed.redis.send(["CONFIG", "SET", "maxclients", 1])
            _ = try await bed.redis.send(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
            _ = try await bed.redis.send(["CLIENT", "KILL", "TYPE", "pubsub"])
        } mend: { bed in
            _ = try await bed.redis.send(["CONFIG", "SET", "maxclients", 1000])
        },
    ]
}

// MARK: PostgreSQL

extension Blow {
    static let ofPostgres = [
        Blow(testDescription: "PostgreSQL is stopped", server: "postgres") {
            await $0.servers.postgres.stop()
        } mend: {
            try await $0.servers.postgres.restart()
        },
        Blow(testDescription: "PostgreSQL is killed", server: "postgres") {
            await $0.servers.postgres.kill()
        } mend: {
            try await $0.servers.postgres.restart()
        },
        Blow(testDescription: "PostgreSQL is frozen", server: "postgres") {
            await $0.servers.postgres.pause()
        } mend: {
            await $0.servers.postgres.resume()
        },
        Blow(testDescription: "PostgreSQL is read-only", server: "postgres") { bed in
            try await bed.alterSystem("SET default_transaction_read_only = on")
        } mend: { bed in
            try await bed.alterSystem("RESET default_transaction_read_only")
        },
        Blow(testDescription: "PostgreSQL is a standby, promoted later", server: "postgres") {
            try await $0.servers.postgres.restartAsStandby()
        } mend: { bed in
            _ = try await bed.database.query("SELECT pg_promote(true, 60)", timeout: .seconds(60))
        },
        Blow(testDescription: "PostgreSQL lets nobody wait for a lock", server: "postgres") { bed in
            try await bed.alterSystem("SET lock_timeout = '50ms'")
            // Ends with its connection.
            Task { try await bed.lockHistory() }
            try await waitUntil("the lock") { try await bed.holders().count == 1 }
        } mend: { bed in
            for holder in try await bed.holders() {
                try await bed.database.execute("SELECT pg_terminate_backend(\(holder))")
            }
        },
        Blow(
            testDescription: "PostgreSQL gives the worker no connection",
            server: "postgres",
            prepare: { try await $0.makeWorkerRole() }
        ) { bed in
            try await bed.database.execute("ALTER ROLE worker CONNECTION LIMIT 0")
            try await bed.database.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'worker'
                """
            )
        } mend: { bed in
            try await bed.database.execute("ALTER ROLE worker CONNECTION LIMIT -1")
        },
    ]
}

extension TestBed {
    fileprivate func alterSystem(_ change: SQL) async throws {
        try await database.execute("ALTER SYSTEM \(change)")
        try await database.execute("SELECT pg_reload_conf()")
    }

    /// Keeps everybody from the history for as long as its connection lives.
    fileprivate func lockHistory() async throws {
        try await database.transaction { transaction in
            try await transaction.execute("SET LOCAL lock_timeout = 0")
            try await transaction.execute("LOCK TABLE publish_history IN ACCESS EXCLUSIVE MODE")
            try await transaction.execute("SELECT pg_sleep(60)", timeout: .seconds(60))
        }
    }

    /// Processes that hold that lock.
    fileprivate func holders() async throws -> [Int] {
        try await database.query(
            """
            SELECT pid FROM pg_locks
            WHERE granted AND mode = 'AccessExclusiveLock' AND relation = to_regclass(
                quote_ident(\(schema)) || '.publish_history')
            """
        ).map { try $0.int("pid") }
    }

    /// A role that, unlike the superuser's, can be refused connections; workers use it from here
    /// on.
    fileprivate func makeWorkerRole() async throws {
        let schema = schema
        for statement: SQL in [
            "CREATE ROLE worker LOGIN PASSWORD 'of-a-worker'",
            "GRANT USAGE ON SCHEMA \(identifier: schema) TO worker",
            "GRANT ALL ON ALL TABLES IN SCHEMA \(identifier: schema) TO worker",
            "GRANT ALL ON ALL SEQUENCES IN SCHEMA \(identifier: schema) TO worker",
        ] {
            try await database.execute(statement)
        }
        let url = "postgresql://worker:of-a-worker@127.0.0.1:\(servers.postgres.port)/postgres"
        try Self.write(settings.merging(["DATABASE_URL": url]) { $1 }, to: folder + "/.env")
    }
}
