internal import Synchronization
internal import TikTok

/// The token that one turn works with; replaced once, when TikTok refuses it.
final class HeldToken: Sendable {
    private let accounts: Accounts
    private let account: Account
    private let state: Mutex<(token: AccessToken, isReplaced: Bool)>

    init(of account: Account, from accounts: Accounts) async throws(Stop) {
        self.account = account
        self.accounts = accounts
        state = Mutex((try await accounts.freshToken(of: account), false))
    }

    var current: AccessToken { state.withLock(\.token) }

    /// Gets another token where an error says that this one is no longer accepted.
    ///
    /// - Parameter used: the token that the failed call carried.
    /// - Returns: whether the call is worth repeating with `current`.
    func replace(
        _ used: AccessToken,
        after error: TikTokError
    ) async throws(Stop) -> Bool {
        guard error.entry.treatment == .refreshToken else { return false }
        guard current == used else { return true }
        guard !state.withLock(\.isReplaced) else { return false }
        let token = try await accounts.replaceToken(of: account, afterRefusalOf: used)
        state.withLock { $0 = (token, true) }
        return true
    }
}
