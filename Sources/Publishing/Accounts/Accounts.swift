package import Crypto
package import EventLoop
internal import FoundationEssentials
package import Postgres

/// The connected accounts: found, added, and their tokens opened as late as possible.
///
/// `Accounts+Tokens.swift` has what a job asks for, `TokenRefresher.swift` how tokens are replaced.
package struct Accounts: Sendable {
    let database: PostgresPool
    let fernet: Fernet
    let refresher: TokenRefresher
    private let lookUps: Batches<String, Result<Account?, PostgresError>>

    /// Most accounts that are looked up at once.
    private static let lookUpsMax = 256
    /// Most accounts that are listed.
    private static let listedMax = 10_000

    /// - Parameters:
    ///   - database: with the schema up to date.
    ///   - loop: the database's.
    ///   - fernet: seals and opens tokens.
    ///   - renewal: the way to TikTok's OAuth; without it tokens are used until they end.
    package init(
        database: PostgresPool,
        on loop: EventLoop,
        fernet: Fernet,
        renewal: TokenRenewal? = nil
    ) {
        self.database = database
        self.fernet = fernet
        refresher = TokenRefresher(
            on: loop,
            store: TokenStore(database: database, fernet: fernet),
            renewal: renewal
        )
        lookUps = Batches(on: loop, atMost: Self.lookUpsMax) { names in
            await Self.find(names, in: database)
        }
    }

    /// Looks an account up, together with those that others look up at the same time.
    ///
    /// - Returns: `nil` when there is none of that name.
    package func find(_ name: String) async throws(PostgresError) -> Account? {
        try await lookUps.ask(name).get()
    }

    /// One result a name: a row that cannot be read is the trouble of nobody but its own jobs.
    private static func find(
        _ names: [String],
        in database: PostgresPool
    ) async -> [Result<Account?, PostgresError>] {
        do throws(PostgresError) {
            let rows = try await database.query(
                "SELECT * FROM tiktok_accounts WHERE account = ANY (\(Array(Set(names))))"
            )
            var found: [String: Result<Account?, PostgresError>] = [:]
            for row in rows {
                found[try row.text("account")] = read(row)
            }
            return names.map { found[$0] ?? .success(nil) }
        } catch {
            return names.map { _ in .failure(error) }
        }
    }

    private static func read(_ row: PostgresRow) -> Result<Account?, PostgresError> {
        do throws(PostgresError) {
            return .success(try Account(row))
        } catch {
            return .failure(error)
        }
    }

    /// One row of the list: an account, or why its row cannot be read.
    package struct Listed: Sendable {
        package let name: String
        package let account: Account?
        package let trouble: PostgresError?

        fileprivate init(name: String, account: Account?, trouble: PostgresError?) {
            self.name = name
            self.account = account
            self.trouble = trouble
        }

        package init(_ account: Account) {
            self.init(name: account.name, account: account, trouble: nil)
        }
    }

    /// Every account, by name; at most 10,000.
    package func all() async throws(PostgresError) -> [Listed] {
        let rows = try await database.query(
            "SELECT * FROM tiktok_accounts ORDER BY account LIMIT \(Self.listedMax)"
        )
        var all: [Listed] = []
        for row in rows {
            let name = try row.text("account")
            switch Self.read(row) {
            case .success(let account):
                all.append(Listed(name: name, account: account, trouble: nil))
            case .failure(let trouble):
                all.append(Listed(name: name, account: nil, trouble: trouble))
            }
        }
        return all
    }

    /// Whether the stored tokens open with a key we have; for `accounts list` and `doctor`.
    package func opens(_ account: Account) -> Bool {
        let sealed = [account.sealedAccessToken, account.sealedRefreshToken].compactMap(\.self)
        return !sealed.isEmpty && sealed.allSatisfy { (try? fernet.openText($0)) != nil }
    }
}
