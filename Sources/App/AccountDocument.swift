internal import Crypto
internal import FoundationEssentials
internal import JSON
internal import Publishing

/// Pure: the object that `accounts add` reads.
enum AccountDocument {
    private static let fields: Set = [
        "access_token", "refresh_token", "open_id", "username", "scopes", "scope", "expires_in",
        "refresh_expires_in", "access_expires_at", "refresh_expires_at", "daily_post_limit",
        "token_type",
    ]

    static func read(
        _ bytes: [UInt8],
        account: String,
        now: Date = .now
    ) throws -> Accounts.Connection {
        guard PublishJob.isKey(account) else {
            throw CommandFailure("an account is 1–128 characters of A–Z a–z 0–9 . _ : -")
        }
        guard let value = try? JSONValue(parsing: bytes), let members = value.object else {
            throw CommandFailure("standard input must hold one JSON object")
        }
        if let unknown = members.keys.sorted().first(where: { !fields.contains($0) }) {
            throw CommandFailure("'\(unknown.printable.prefix(64))' is no field of a connection")
        }
        guard let access = value["access_token"]?.string, !access.isEmpty else {
            throw CommandFailure("access_token is required and must be a string")
        }
        return Accounts.Connection(
            account: account,
            openID: try text(value, "open_id"),
            username: try text(value, "username"),
            scopes: try scopes(value),
            accessToken: SecretText(access),
            refreshToken: try text(value, "refresh_token").map(SecretText.init),
            accessExpiresAt: try end(value, "access_expires_at", "expires_in", now),
            refreshExpiresAt: try end(value, "refresh_expires_at", "refresh_expires_in", now),
            dailyPostLimit: try number(value, "daily_post_limit", in: 0...100_000).map(Int.init)
        )
    }

    private static func text(_ value: JSONValue, _ field: String) throws -> String? {
        guard let member = value[field], member != .null else { return nil }
        guard let text = member.string, !text.isEmpty, !text.contains("\0") else {
            throw CommandFailure("\(field) must be a string that is not empty")
        }
        return text
    }

    private static func number(
        _ value: JSONValue,
        _ field: String,
        in range: ClosedRange<Int64>
    ) throws -> Int64? {
        guard let member = value[field], member != .null else { return nil }
        guard let number = member.integer, range.contains(number) else {
            throw CommandFailure(
                "\(field) must be an integer from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// An array, or TikTok's own list with commas.
    private static func scopes(_ value: JSONValue) throws -> [String] {
        if let list = try text(value, "scope") {
            return list.split(separator: ",").map(String.init)
        }
        guard let member = value["scopes"], member != .null else { return [] }
        let scopes = member.array?.compactMap(\.string) ?? []
        guard scopes.count == member.array?.count else {
            throw CommandFailure("scopes must be an array of strings")
        }
        return scopes
    }

    private static func end(
        _ value: JSONValue,
        _ instant: String,
        _ seconds: String,
        _ now: Date
    ) throws -> Date? {
        if let text = try text(value, instant) {
            guard let date = InternetTime.read(text) else {
                throw CommandFailure("\(instant) must be an RFC 3339 time")
            }
            return date
        }
        return try number(value, seconds, in: 0...100_000_000).map { now + Double($0) }
    }
}
