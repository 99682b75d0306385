/// How the stand-in behaves where TikTok's pages leave room, and how patient it is.
///
/// The defaults are the strictest reading of what is documented or was seen live.
package struct SandboxOptions: Sendable {
    /// The app's credentials at the OAuth endpoints.
    package var clientKey = "sandbox-client-key"
    package var clientSecret = "sandbox-client-secret"
    /// Whether upload addresses have a port of their own, as TikTok's have a host of their own.
    package var hasUploadPort = false
    /// An unaudited app may only post `SELF_ONLY`, and only to private accounts.
    package var isAudited = true

    /// Lifetimes of the tokens that are handed out, in seconds (documented since November 2026).
    package var accessTokenSeconds: Int64 = 7200
    package var refreshTokenSeconds: Int64 = 15_552_000
    /// Whether a refresh kills the refresh token that was used.
    package var rotatesRefreshTokens = true
    /// How long the refresh token that was used last is taken again and answered with the same new
    /// pair, in seconds; whether TikTok does so is documented nowhere.
    package var repeatedRefreshSeconds: Int64 = 0
    /// OAuth failures were recorded with HTTP 200; other statuses are undocumented.
    package var oauthErrorStatus = 200

    /// How long an upload address is accepted, in seconds.
    package var uploadAddressSeconds: Int64 = 3600
    /// From the last byte to the verdict.
    package var processing: Duration = .seconds(1)
    /// How long a simulated download from a URL takes; a post can be cancelled during it.
    package var download: Duration = .seconds(1)
    /// From `PUBLISH_COMPLETE` to the public post id.
    package var moderation: Duration = .zero

    /// Requests per sliding minute for one access token; an endpoint not named has no limit.
    package var requestsPerMinute: [SandboxEndpoint: Int] = [
        .creatorInfo: 20, .videoInit: 6, .inboxInit: 6, .contentInit: 6, .status: 30,
        .videoList: 600, .userInfo: 600,
    ]
    /// Creators who may start direct posts within 24 hours; `nil`: no cap, or 5 when unaudited.
    package var activeCreatorsPerDay: Int?
    /// `https://host/path/` beginnings from which pulls are allowed, or `http://127.0.0.1:PORT/`.
    package var verifiedPrefixes: [String] = []
    /// Domains, with all their sub-domains, from which pulls are allowed.
    package var verifiedDomains: [String] = []

    package var sizes: SizeReading = .narrow
    /// A range that was stored already is answered 206 instead of 416.
    package var acceptsReplayedChunks = false
    /// The progress header ends in the index of the last byte instead of the count of bytes.
    package var progressNamesLastByte = false
    /// Live answers say `invalid_params`; the pages say `invalid_param`.
    package var invalidParameterCode = "invalid_params"
    /// Uploads that do not begin like MP4, MOV or WebM end as `file_format_check_failed`.
    package var checksFileFormat = false

    /// Whether requests a correct client would never send are counted.
    package var countsViolations = true
    /// Entries kept in the journal; the oldest go first.
    package var journalEntries = 10_000
    /// Posts kept; beyond it inits are answered 500.
    package var postsKept = 100_000
    /// Messages to the app about its posts.
    package var webhooks = SandboxWebhookOptions()
    /// Makes tokens and the choices of probability faults repeatable.
    package var seed: UInt64?

    package init() {}
}

/// What "MB" means: TikTok's own page mixes both readings.
package enum SizeReading: Sendable {
    /// Only what satisfies both readings.
    case narrow
    /// What satisfies either.
    case wide

    /// Smallest ordinary chunk, in bytes.
    var chunkBytesMin: Int64 { self == .narrow ? 5_242_880 : 5_000_000 }
    /// Largest ordinary chunk, and largest file sent whole, in bytes.
    var chunkBytesMax: Int64 { self == .narrow ? 64_000_000 : 67_108_864 }
    /// Largest file, in bytes.
    var fileBytesMax: Int64 { self == .narrow ? 4_000_000_000 : 4_294_967_296 }
}
