import Crypto
import Foundation
import JSON
import Postgres
import Publishing
import Support
import Testing

/// `keys rotate`: every stored secret under the first key, however often it is broken off.
@Suite(.timeLimit(.minutes(10)))
struct KeysRotateTests {
    static let rows = 450

    @Test func `a rotation that is killed in the middle is finished by the next`() async throws {
        try await TestBed.run { bed in
            let scene = try await RotationScene(bed)
            let keys = scene.keys
            let rotation = try await bed.database.transaction { transaction in
                // The rotation stands still at this row until it is killed.
                _ = try await transaction.query(
                    "SELECT 1 FROM tiktok_accounts WHERE account = 'account-0300' FOR UPDATE"
                )
                let rotation = try bed.start(["keys", "rotate"], environment: keys)
                try await waitUntil("the first rows rotated", state: { rotation.err }) {
                    try await scene.rotated() >= 200
                }
                await rotation.kill()
                return rotation
            }
            #expect(!rotation.isRunning)
            try await scene.becomesQuiet()
            let half = try await scene.rotated()
            #expect((200..<Self.rows).contains(half))

            let early = try await bed.run("keys", "rotate", "--check", environment: keys)
            let report = try #require(
                try await bed.json("keys", "rotate", environment: keys).first
            )

            #expect(early.code == 1, "\(early)")
            #expect(early.out.contains("older keys are still needed"))
            #expect(try await scene.rotated() == Self.rows)
            #expect(report["done"] == true)
            #expect(report["tokens"]?["rotated"] == .integer(Int64(2 * (Self.rows - half))))
            #expect(report["tokens"]?["current"] == .integer(Int64(2 * Self.rows)))
            #expect(report["uploads"]?["rotated"] == 1)
            let opened = try scene.newOnly.openText(
                try #require(try await bed.stored("account-0449", "refresh_token"))
            )
            #expect(opened.reveal() == RotationScene.token)
            #expect(try await bed.stored("account-0449", "token_version") == "1")
        }
    }

    @Test func `what no key opens is named and left as it is`() async throws {
        try await TestBed.run { bed in
            let scene = try await RotationScene(bed)
            try await bed.database.execute(
                "UPDATE tiktok_accounts SET access_token = 'gAAAA' WHERE account = 'account-0007'"
            )

            let result = try await bed.run("keys", "rotate", environment: scene.keys)

            #expect(result.code == 1, "\(result)")
            #expect(result.out.contains("account-0007"))
            #expect(!result.out.contains("nothing uses an older key"))
            #expect(try await bed.stored("account-0007", "access_token") == "gAAAA")
            #expect(try await scene.rotated() == Self.rows - 1)
            #expect(!result.description.contains(RotationScene.token))
        }
    }
}

/// Accounts, and an upload under way, sealed with the key of `.env`, and a new key in front of it.
struct RotationScene {
    static let token = "act.a-token-under-an-old-key"

    let keys: [String: String]
    let newOnly: Fernet
    private let bed: TestBed

    init(_ bed: TestBed) async throws {
        self.bed = bed
        let key = try FernetKey.generate()
        newOnly = try Fernet(keys: [key.key])
        keys = ["CRYPTOGRAPHY_KEY": "\(key.text),\(bed.settings["CRYPTOGRAPHY_KEY"] ?? "")"]
        let sealed = try bed.fernet().seal(SecretText(Self.token))
        try await bed.database.execute(
            """
            INSERT INTO tiktok_accounts (account, access_token, refresh_token)
            SELECT 'account-' || lpad(number::text, 4, '0'), \(sealed)::text, \(sealed)::text
            FROM generate_series(0, \(KeysRotateTests.rows - 1)::int) AS number
            """
        )
        try await bed.database.execute(
            """
            INSERT INTO publish_history (
                job_id, account, kind, mode, status, source, received_at, fence)
            SELECT job, 'account-0001', 'video', 'direct', 'uploading', 'json', now(), 1
            FROM unnest('{now,ended}'::text[]) AS job
            """
        )
        try await bed.database.execute(
            """
            INSERT INTO publish_ledger (job_id, ticket, upload_url, upload_expires_at)
            VALUES ('now', 't', \(sealed), now() + interval '30 minutes'),
                ('ended', 't', 'gAAAA-long-gone', now() - interval '1 day')
            """
        )
    }

    /// Waits until PostgreSQL has done what a dead program asked for last.
    func becomesQuiet() async throws {
        try await waitUntil("nobody else at work on the accounts") {
            let rows = try await bed.database.query(
                """
                SELECT count(*) AS count FROM pg_locks
                WHERE relation = 'tiktok_accounts'::regclass AND mode = 'RowExclusiveLock'
                """
            )
            return try rows.first?.int("count") == 0
        }
    }

    /// Accounts whose tokens are both under the new key.
    func rotated() async throws -> Int {
        let rows = try await bed.database.query(
            "SELECT access_token, refresh_token FROM tiktok_accounts"
        )
        return try rows.count { row in
            let tokens = try [row.text("access_token"), row.text("refresh_token")]
            return tokens.allSatisfy(newOnly.usesFirstKey)
        }
    }
}
