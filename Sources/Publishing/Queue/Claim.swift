package import FoundationEssentials
internal import Redis

/// A job in a worker's hands: what Redis knows of it.
package struct Claim: Sendable {
    /// The queue's own name for the job; the document's `id` is only known once it is read.
    package let ticket: String
    /// Grows with every claim of any job; proves to PostgreSQL who is the newer worker.
    package let fence: Int64
    /// Times this job was claimed since a worker last lived to settle it, this one included.
    package let deliveries: Int
    /// As upstream pushed it; empty when it is longer than a document may be.
    package let document: [UInt8]
    /// Its length, however long.
    package let documentBytes: Int
    package let queue: String
    /// Failed attempts before this one.
    package let attempts: Int
    package let stage: Stage
    /// How often TikTok was asked for the verdict in this stage.
    package let polls: Int
    package let receivedAt: Date
    /// Whether no worker has had it before.
    package let isFirst: Bool
    /// When the claim was sent, on this worker's clock.
    package let claimedAt: ContinuousClock.Instant

    /// Where a parked job goes on.
    package enum Stage: String, Sendable {
        /// From the start, or from where the ledger says: needs a slot of its account.
        case post = ""
        /// Every byte is sent; only TikTok's verdict is missing.
        case watch
        /// In doubt: TikTok is asked once in a while whether it knows by now.
        case reconcile
        /// Published, while TikTok's moderation holds the post's id back: it is asked for now and
        /// then.
        case moderation

        /// Whether the job has ended, and its row says how.
        var isAfterEnd: Bool { self == .reconcile || self == .moderation }
    }

    /// A job whose workers died this often without a verdict is not tried again.
    static let deliveriesMax = 4

    /// Whether the job has killed so many workers that it goes to the dead letters.
    var killsWorkers: Bool { deliveries > Self.deliveriesMax }

    /// Whether its workers die before they can even put it aside: its document is not read again,
    /// unless somebody has read it before.
    var killsReaders: Bool { deliveries > 2 * Self.deliveriesMax }

    /// Whether they die of that, too.
    var killsAnybody: Bool { deliveries > 3 * Self.deliveriesMax }
}

extension Claim {
    /// Reads one job of `claim.lua`'s answer; `nil` when it has another shape.
    ///
    /// - Parameter newTickets: how the tickets begin that this claim made.
    init?(
        _ value: RedisValue,
        queue: String,
        claimedAt: ContinuousClock.Instant,
        newTickets: String
    ) {
        guard let fields = value.array, fields.count == 9,
            let ticket = fields[0].text,
            let fence = fields[1].integer,
            let deliveries = fields[2].integer,
            case .bytes(let document) = fields[3],
            let attempts = fields[4].integer,
            let polls = fields[6].integer,
            let received = fields[7].integer,
            let bytes = fields[8].integer
        else { return nil }
        self.ticket = ticket
        self.fence = fence
        self.deliveries = Int(deliveries)
        self.document = document
        documentBytes = Int(bytes)
        self.queue = queue
        self.attempts = Int(attempts)
        // A stage that only a newer program knows: from the start, where the ledger says how far it
        // is.
        stage = fields[5].text.flatMap(Stage.init) ?? .post
        self.polls = Int(polls)
        isFirst = ticket.hasPrefix(newTickets)
        receivedAt = Date(timeIntervalSince1970: Double(received) / 1000)
        self.claimedAt = claimedAt
    }
}
