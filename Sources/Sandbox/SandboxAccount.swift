/// A creator who has connected to the app.
package struct SandboxAccount: Sendable {
    package var openID: String
    package var username: String
    package var nickname: String
    package var scopes: [String] = Self.allScopes
    /// Private accounts offer followers instead of the public.
    package var isPrivate = false
    /// What `creator_info` offers; `nil`: what such an account usually has.
    package var privacyOptions: [String]?
    package var commentDisabled = false
    package var duetDisabled = false
    package var stitchDisabled = false
    package var maxVideoSeconds: Int64 = 600
    /// Direct posts within any 24 hours.
    package var postsPerDay = 15
    /// Drafts started within any 24 hours and not yet used by the owner.
    package var pendingDrafts = 5
    /// Banned accounts get `spam_risk_user_banned_from_posting`.
    package var isBanned = false
    /// The TikTok app of the owner is older than 31.8: photo drafts are refused.
    package var hasOldApp = false
    /// Fixed tokens for programs that need to know them beforehand; made up when `nil`.
    package var accessToken: String?
    package var refreshToken: String?

    package static let allScopes = [
        "user.info.basic", "user.info.profile", "user.info.stats",
        "video.list", "video.publish", "video.upload",
    ]

    /// - Parameter name: the handle; the other names are derived from it.
    package init(_ name: String) {
        openID = "-000-\(name)"
        username = name
        nickname = name
    }

    var offeredPrivacy: [String] {
        privacyOptions ?? [
            isPrivate ? "FOLLOWER_OF_CREATOR" : "PUBLIC_TO_EVERYONE",
            "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY",
        ]
    }
}

/// What an app holds of an account; the tokens mean nothing outside this sandbox.
package struct SandboxConnection: Sendable {
    package let openID: String
    package let scopes: [String]
    package let accessToken: String
    package let refreshToken: String
    /// Seconds from now.
    package let expiresIn: Int64
    package let refreshExpiresIn: Int64
}

/// A consent waiting for its exchange.
package struct SandboxCode: Sendable {
    package var code: String
    package var openID: String
    package var redirectURI: String
    /// Lowercase hex of SHA-256 of the verifier; `nil`: a web client without PKCE.
    package var challenge: String?
    package var scopes: [String]?

    package init(
        _ code: String,
        openID: String,
        redirectURI: String,
        challenge: String? = nil,
        scopes: [String]? = nil
    ) {
        self.code = code
        self.openID = openID
        self.redirectURI = redirectURI
        self.challenge = challenge
        self.scopes = scopes
    }
}
