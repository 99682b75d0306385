import Foundation
import Postgres
import Publishing
import Sandbox
import Support
import Testing

/// Connections that no job uses stay connected, and people are warned in time.
@Suite(.timeLimit(.minutes(10)))
struct AccountsKeeperTests {
    @Test func `an idle account is refreshed once, by one of many`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("idle", "fresh", "endless", "revoked")
            try await bed.database.execute(
                """
                UPDATE tiktok_accounts SET refreshed_at = now() - interval '21 hours',
                    access_expires_at = CASE account WHEN 'fresh' THEN now() + interval '2 hours'
                        WHEN 'endless' THEN NULL ELSE now() - interval '19 hours' END,
                    status = CASE account WHEN 'revoked' THEN 'revoked' ELSE 'active' END
                """
            )
            try await AccountsProcess.run(4, on: bed) { processes in
                await withTaskGroup(of: Void.self) { group in
                    for process in processes {
                        group.addTask { await AccountKeeper(process.accounts).round() }
                    }
                }

                #expect(bed.tokenRequests == 2)
                for (account, version) in [("idle", "2"), ("endless", "2"), ("fresh", "1")] {
                    let stored = try await bed.stored(account, "token_version")
                    #expect(stored == version, "\(account)")
                }
            }
        }
    }

    @Test func `a refresh token that ends within a month is told of once a day`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira", "later")
            try await bed.database.execute(
                """
                UPDATE tiktok_accounts SET refresh_expires_at = now() + interval '29 days'
                WHERE account = 'mira'
                """
            )
            try await AccountsProcess.run(3, on: bed) { processes in
                for process in processes { await AccountKeeper(process.accounts).round() }
                let told = processes.flatMap(\.log).filter { $0.contains("refresh_token_ends") }
                #expect(told.count == 1)
                #expect(told.first?.contains("creator") == true)
                #expect(told.first?.contains("mira") == false)

                try await bed.database.execute(
                    "UPDATE tiktok_accounts SET refresh_warned_at = now() - interval '25 hours'"
                )
                await AccountKeeper(processes[0].accounts).round()

                let again = processes.flatMap(\.log).filter { $0.contains("refresh_token_ends") }
                #expect(again.count == 2)
            }
        }
    }
}
