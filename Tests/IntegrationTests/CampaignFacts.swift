/// What a campaign has left behind, seen from outside: at TikTok, in PostgreSQL and in Redis.
///
/// Times are milliseconds since 1970 by the stand-in's clock.
struct CampaignFacts: Sendable {
    var accounts: [CampaignAccount]
    var jobs: [CampaignJob]
    var accountConcurrency: Int

    // At TikTok.
    var posts: [Post] = []
    var calls: [Call] = []
    var transfers: [Transfer] = []
    var violations: [String] = []
    /// What each file hashes to, by its name.
    var digests: [String: String] = [:]

    // In PostgreSQL.
    var rows: [String: Row] = [:]
    /// Events `duplicate` by job id.
    var duplicates: [String: Int] = [:]

    // In Redis.
    var deadDocuments: [String] = []
    /// Keys that must be gone when every job has ended, with what is in them.
    var leftovers: [String] = []

    // Of the campaign itself.
    /// Jobs that waited without a row.
    var unseen: Set<String> = []
    /// When scheduled jobs may begin.
    var notBefore: [String: Int64] = [:]
    /// While a worker was stopped in mid-flight.
    var freezes: [ClosedRange<Int64>] = []
    /// Workers that ended otherwise than they were made to.
    var mishaps: [String] = []

    struct Post: Sendable {
        var publishID: String
        var openID: String
        var title: String
        var isDraft = false
        /// Out, or in the owner's inbox.
        var isDelivered = true
        var createdAt: Int64
        var sha256: String
    }

    struct Call: Sendable {
        var openID: String
        var endpoint: Endpoint
        var at: Int64
    }

    /// Endpoints with a limit a minute.
    enum Endpoint: String, Sendable, CaseIterable {
        case creatorInfo, videoInit, inboxInit, contentInit, status

        var callsPerMinute: Int {
            switch self {
            case .creatorInfo: 20
            case .videoInit, .inboxInit, .contentInit: 6
            case .status: 30
            }
        }
    }

    /// One chunk, from its first byte to its answer.
    struct Transfer: Sendable {
        var openID: String
        var publishID: String
        var beganAt: Int64
        var endedAt: Int64
    }

    struct Row: Sendable {
        var status: String
        var errorCode: String?
        var publishID: String?
        var waitingFor: String?
    }
}
