internal import Crypto
internal import TikTok

/// Pure: what can be done with an account's access token now.
enum TokenStanding: Sendable {
    /// Good for a post.
    case usable(AccessToken)
    /// Good still, but a new one is due.
    case due(AccessToken)
    /// Nothing goes without a new one.
    case needed

    /// Reads a row's tokens as they are.
    ///
    /// A token that does not decrypt is an error, never used as it is. Only a revoked connection is
    /// no reason to wait: its creator has said no.
    ///
    /// - Parameter refused: a token that TikTok has refused, so that it is not live whatever its
    ///   row says.
    init(
        of account: Account,
        in store: TokenStore,
        unlike refused: AccessToken?
    ) throws(TokenTrouble) {
        guard account.status == .active else {
            let failure = Failure.accountClosed(
                status: account.status.rawValue,
                reason: account.statusReason
            )
            throw account.status == .revoked ? .ended(failure) : .waits(failure)
        }
        guard let sealed = account.sealedAccessToken else {
            guard account.hasRefreshToken else { throw .waits(.tokenMissing) }
            self = .needed
            return
        }
        // Every failure is one and the same.
        guard let opened = try? store.fernet.openText(sealed),
            let token = AccessToken(opened.reveal())
        else { throw .waits(.tokenUnreadable) }
        guard token != refused else {
            self = .needed
            return
        }
        self =
            switch account.life() {
            case .fresh: .usable(token)
            case .ending: .due(token)
            case .over: .needed
            }
    }

    var liveToken: AccessToken? {
        switch self {
        case .usable(let token), .due(let token): token
        case .needed: nil
        }
    }
}
