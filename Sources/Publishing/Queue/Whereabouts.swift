package import FoundationEssentials
package import Redis

/// Where the queue has one job at a moment.
package struct Whereabouts: Sendable {
    package let ticket: String
    package let queue: String?
    package let account: String?
    package let receivedAt: Date?
    /// Failed attempts so far.
    package let attempts: Int
    /// Times it was claimed since a worker last lived to settle it.
    package let deliveries: Int
    package let stage: Claim.Stage
    /// Why it was parked or died, as a code.
    package let reason: String?
    package let place: Place
    /// Whether it owns one of its account's slots.
    package let ownsSlot: Bool
    package let isCancelAsked: Bool

    package enum Place: Sendable, Equatable {
        /// A worker has it, for as long as it renews the lease.
        case inHand(leaseEnds: Date?)
        /// The next worker with room takes it.
        case ready
        /// On a timer.
        case timer(due: Date)
        /// In the line of its account.
        case line(number: Int, of: Int)
        case dead(since: Date)
        /// Its id is still taken; nothing else is left.
        case ended
    }
}

extension JobQueue {
    /// Finds a job that a worker has read.
    ///
    /// - Returns: `nil` when no worker has read a job of this id, or it ended long ago.
    package func find(_ id: String) async throws(RedisError) -> Whereabouts? {
        Whereabouts(try await run(scripts.find, [.text(id)]))
    }
}

extension Whereabouts {
    /// Reads the answer of `find.lua`.
    init?(_ answer: RedisValue) {
        guard let fields = answer.array, fields.count == 18, let ticket = fields[1].text else {
            return nil
        }
        func text(_ index: Int) -> String? {
            fields[index].text.flatMap { $0.isEmpty ? nil : $0 }
        }
        func date(_ index: Int) -> Date? {
            text(index).flatMap { Double($0) }.map { Date(timeIntervalSince1970: $0 / 1000) }
        }
        self.ticket = ticket
        queue = text(2)
        account = text(3)
        receivedAt = date(4)
        attempts = Int(fields[5].integer ?? 0)
        deliveries = Int(fields[6].integer ?? 0)
        stage = fields[7].text.flatMap(Claim.Stage.init) ?? .post
        reason = text(9)
        ownsSlot = text(14) != nil
        isCancelAsked = text(17) != nil
        place =
            if text(2) == nil {
                .ended
            } else if text(10) != nil {
                .inHand(leaseEnds: date(11))
            } else if let died = date(12) {
                .dead(since: died)
            } else if let due = date(13) {
                .timer(due: due)
            } else if let number = fields[15].integer {
                .line(number: Int(number), of: Int(fields[16].integer ?? 0))
            } else {
                .ready
            }
    }
}

// MARK: Documents that no worker has read

/// A document on an upstream list.
package struct UnseenJob: Sendable, Equatable {
    package let queue: String
    /// How many documents of the same list are taken before it.
    package let before: Int
}

extension JobQueue {
    /// How far an upstream list is looked through: more would keep Redis from its work.
    package static let unseenMax = 2000
    private static let unseenBytesMax = 32 << 20

    /// Looks for a job among the next `unseenMax` documents of each list of `queues`.
    package func findUnseen(
        _ id: String,
        in queues: [String]
    ) async throws(RedisError) -> UnseenJob? {
        for queue in queues {
            let answer = try await redis.run(
                scripts.unseen,
                keys: QueueKeys.sources(of: queue),
                arguments: [
                    .text(queue), .text(id), .integer(Int64(Self.unseenMax)),
                    .integer(Int64(PublishJob.documentBytesMax)),
                    .integer(Int64(Self.unseenBytesMax)),
                ]
            )
            for found in answer.array ?? [] {
                guard let parts = found.array, parts.count == 3, let before = parts[1].integer,
                    let document = parts[2].bytes, PublishJob.id(in: document) == id
                else { continue }
                return UnseenJob(queue: queue, before: Int(before))
            }
        }
        return nil
    }
}
