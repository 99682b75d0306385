internal import Crypto
internal import EventLoop
internal import Foundation
internal import JSON
package import Postgres
internal import PrivateServers
package import Publishing
package import Redis
package import Sandbox
internal import Synchronization

/// Everything a whole job needs, for one test: servers, a stand-in for TikTok, a media folder, and
/// the settings that lead to them.
///
/// Tests that share servers are kept apart by schema, key prefix and queue.
package final class TestBed: Sendable {
    package let servers: TestServers
    package let sandbox: Sandbox
    /// The working folder of every program of this bed; holds `.env` and `media/`.
    package let folder: String
    /// What `.env` says.
    package let settings: [String: String]
    package let database: PostgresPool
    package let redis: RedisClient
    package let accounts: Accounts
    package let queue: String
    /// Where programs of this bed find Redis.
    package let redisURL: String
    private let name: String

    package var media: String { folder + "/media" }
    package var reader: HistoryReader { HistoryReader(database: database) }
    package var schema: String { name }

    /// Runs a test on a bed of its own, and takes it down again however the test ends.
    ///
    /// `settings` stand beside, or instead of, the usual ones. A test that hurts its servers needs
    /// its own; one that speaks to all workers of a Redis, as Celery's remote control does, needs a
    /// database of its own. The stand-in's processing takes no time unless `options` say so.
    ///
    /// - Returns: what the body returns.
    package static func run<Value>(
        _ settings: [String: String] = [:],
        hasOwnServers: Bool = false,
        hasOwnDatabase: Bool = false,
        options: (inout SandboxOptions) -> Void = { _ in },
        _ body: (TestBed) async throws -> Value
    ) async throws -> Value {
        await Turnstile.beds.enter()
        let value: Value
        do {
            let servers = try await hasOwnServers ? TestServers.start() : TestServers.shared()
            let database = hasOwnDatabase ? Databases.next() : 0
            let bed = try await TestBed(settings, on: servers, database, options: options)
            value = try await bed.run(body)
            if hasOwnServers { try await servers.folder.remove() }
        } catch {
            // Servers of its own go with their folder, unwaited for.
            await Turnstile.beds.leave()
            throw error
        }
        await Turnstile.beds.leave()
        return value
    }

    private func run<Value>(_ body: (TestBed) async throws -> Value) async throws -> Value {
        let value: Value
        do {
            value = try await body(self)
        } catch {
            await close()
            throw error
        }
        await close()
        return value
    }

    // tidy: long function, because it is one list of what a bed is made of.
    private init(
        _ changes: [String: String],
        on servers: TestServers,
        _ number: Int,
        options change: (inout SandboxOptions) -> Void
    ) async throws {
        self.servers = servers
        redisURL = servers.redis.url(login: ":\(servers.redis.password)", database: number)
        name = "bed-" + String(UInt64.random(in: 0 ... .max), radix: 36)
        queue = "queue-" + name
        folder = "\(servers.folder.path)/\(name)"
        var options = SandboxOptions()
        options.processing = .zero
        change(&options)
        sandbox = try await Sandbox.start(on: Loops.sandboxes, options: options)
        let key = try FernetKey.generate()
        settings = [
            "REDIS_URL": redisURL,
            "REDIS_KEY_PREFIX": "{\(name)}:",
            "DATABASE_URL": servers.postgres.url,
            "DATABASE_SCHEMA": name,
            "QUEUES": queue,
            "CRYPTOGRAPHY_KEY": key.text,
            "TIKTOK_API_URL": sandbox.url,
            "TIKTOK_UPLOAD_HOSTS": "http://127.0.0.1",
            "MEDIA_ROOT": folder + "/media",
            "HTTP_ADDRESS": "127.0.0.1:0",
            "RETRY_BASE_SECONDS": "1",
            "RETRY_MAX_SECONDS": "2",
            "LOG_FORMAT": "text",
        ].merging(changes) { $1 }
        redis = RedisClient(try RedisAddress(redisURL), on: Loops.clients, name: name)
        database = PostgresPool(
            try PostgresAddress(servers.postgres.url),
            on: Loops.clients,
            applicationName: name,
            schema: name,
            size: 2
        )
        let fernet = try Fernet(keys: [key.key])
        accounts = Accounts(database: database, on: Loops.clients, fernet: fernet)
        try Self.prepare(folder, settings)
        _ = try await Migrator(database: database, schema: name).migrate()
    }

    private static func prepare(_ folder: String, _ settings: [String: String]) throws {
        try FileManager.default.createDirectory(
            atPath: folder + "/media",
            withIntermediateDirectories: true
        )
        try write(settings, to: folder + "/.env")
    }

    private func close() async {
        await sandbox.stop()
        await redis.close()
        await database.close()
        // Whatever still runs in it is ended with the temporary folder.
        try? FileManager.default.removeItem(atPath: folder)
    }

    package static func write(_ settings: [String: String], to path: String) throws {
        let lines = settings.sorted { $0.key < $1.key }.map { "\($0.key)='\($0.value)'\n" }
        try Data(lines.joined().utf8).write(to: URL(filePath: path))
    }

    // MARK: Setting the scene

    /// Connects accounts at the stand-in and here; `change` says what is special about them.
    package func connect(
        _ names: String...,
        change: (inout SandboxAccount) -> Void = { _ in }
    ) async throws {
        for name in names {
            var account = SandboxAccount(name)
            change(&account)
            let connection = sandbox.addAccount(account)
            try await accounts.add(
                Accounts.Connection(
                    account: name,
                    openID: connection.openID,
                    username: name,
                    scopes: connection.scopes,
                    accessToken: SecretText(connection.accessToken),
                    refreshToken: SecretText(connection.refreshToken),
                    accessExpiresAt: .now + Double(connection.expiresIn),
                    refreshExpiresAt: .now + Double(connection.refreshExpiresIn),
                    dailyPostLimit: nil
                )
            )
        }
    }

    /// Puts a video into the media folder.
    package func video(_ name: String, bytes: Int) throws -> TestVideo {
        try TestVideo(name, bytes: bytes, in: media)
    }

    /// Redis has sixteen databases; more beds at once than that there never are.
    private enum Databases {
        private static let last = Atomic(0)

        static func next() -> Int { last.add(1, ordering: .relaxed).oldValue % 15 + 1 }
    }

    /// The loops of every bed: the stand-in has one of its own, because it hashes.
    private enum Loops {
        static let clients = EventLoop(name: "beds")
        static let sandboxes = EventLoop(name: "sandboxes")
    }
}
