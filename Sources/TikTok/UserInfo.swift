internal import JSON

/// Whose account a token opens.
package struct UserInfo: Sendable, Equatable {
    /// The person, as this app knows them; private, not for logs.
    package let openID: String
    package let displayName: String?
    /// The handle without `@`; only when it was asked for.
    package let username: String?
    package let logID: String?
}

extension TikTokAPI {
    /// Asks whose account it is; needs `user.info.basic`, and `user.info.profile` for the handle.
    ///
    /// Asking for the handle without its scope is refused as a whole.
    /// Source: Display API reference "Get User Info", read 2026-11-22.
    package func userInfo(
        token: AccessToken,
        withUsername: Bool = false
    ) async throws(TikTokError) -> UserInfo {
        let fields = ["open_id", "display_name"] + (withUsername ? ["username"] : [])
        let answer = try await call(
            .userInfo,
            token: token,
            fields: fields,
            method: "GET",
            mayRepeat: true
        )
        let user = answer.data["user"]
        guard let openID = user?["open_id"]?.someText else {
            throw answer.unreadable("no open_id")
        }
        return UserInfo(
            openID: openID,
            displayName: user?["display_name"]?.someText,
            username: user?["username"]?.someText,
            logID: answer.logID
        )
    }
}
