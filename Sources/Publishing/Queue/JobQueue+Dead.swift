package import FoundationEssentials
package import Redis

/// Dead letters without their documents, which may be of any length.
extension JobQueue {
    /// One dead letter, as Redis knows it.
    package struct DeadTicket: Sendable {
        package let ticket: String
        /// From the document where no worker got so far as to note it; `nil`: it cannot be read.
        package var job: String?
        package var account: String?
        package let queue: String
        /// A code of the error catalogue.
        package let reason: String
        package let diedAt: Date
        /// Every rule that its document breaks, where that is why it is dead.
        var broken: BrokenDocument?
    }

    /// The newest first.
    ///
    /// - Parameter offset: how many newer ones to skip.
    package func deadTickets(
        from offset: Int,
        atMost most: Int
    ) async throws(RedisError) -> [DeadTicket] {
        let range = try await redis.send(
            [
                "ZRANGE", .text(keys.dead), .integer(Int64(offset)),
                .integer(Int64(offset + most - 1)), "REV", "WITHSCORES",
            ]
        )
        let parts = (range.array ?? []).compactMap(\.text)
        let tickets = stride(from: 0, to: parts.count - 1, by: 2).map { (parts[$0], parts[$0 + 1]) }
        let jobs = try await redis.pipeline(
            tickets.map { ticket, _ in
                ["HMGET", .text(keys.job(ticket)), "id", "account", "queue", "reason"]
            }
        )
        var dead = zip(tickets, jobs).compactMap { ticket, job in
            DeadTicket(ticket.0, diedAt: ticket.1, (job.array ?? []).map(\.text))
        }
        try await readDocuments(&dead)
        return dead
    }

    /// A document that broke a rule was never admitted: its id was not noted, and it may have no
    /// row that says what is wrong with it.
    private func readDocuments(_ dead: inout [DeadTicket]) async throws(RedisError) {
        // Neither is one of which workers die: so would whoever lists it.
        let unread = dead.indices.filter {
            dead[$0].job == nil && dead[$0].reason != Failure.workerKiller.code
        }
        let lengths = try await redis.pipeline(
            unread.map { ["HSTRLEN", .text(keys.job(dead[$0].ticket)), "document"] }
        )
        var short: [Int] = []
        for (index, length) in zip(unread, lengths) {
            let bytes = length.integer ?? 0
            if bytes <= PublishJob.documentBytesMax {
                short.append(index)
            } else {
                dead[index].broken = PublishJob.tooLong(bytes)
            }
        }
        let documents = try await redis.pipeline(
            short.map { ["HGET", .text(keys.job(dead[$0].ticket)), "document"] }
        )
        for (index, document) in zip(short, documents) {
            dead[index].read(document.bytes ?? [])
        }
    }

    /// What upstream pushed.
    package enum Document: Sendable {
        case bytes([UInt8])
        /// Longer than any job document, and not fetched.
        case tooLong(bytes: Int)
        /// The job has ended.
        case gone
    }

    package func document(of ticket: String) async throws(RedisError) -> Document {
        let key = keys.job(ticket)
        let length = try await redis.send(["HSTRLEN", .text(key), "document"]).integer ?? 0
        guard length <= PublishJob.documentBytesMax else { return .tooLong(bytes: Int(length)) }
        let document = try await redis.send(["HGET", .text(key), "document"]).bytes
        return document.map(Document.bytes) ?? .gone
    }

    /// Whether a worker has the job.
    func isInHand(_ ticket: String) async throws(RedisError) -> Bool {
        try await redis.send(["HEXISTS", .text(keys.job(ticket)), "fence"]).integer == 1
    }
}

extension JobQueue.DeadTicket {
    /// - Parameter fields: id, account, queue and reason; no queue: the job is gone meanwhile.
    fileprivate init?(_ ticket: String, diedAt: String, _ fields: [String?]) {
        guard fields.count == 4, let queue = fields[2], let died = Double(diedAt) else {
            return nil
        }
        self.ticket = ticket
        job = fields[0]
        account = fields[1]
        self.queue = queue
        reason = fields[3] ?? ""
        self.diedAt = Date(timeIntervalSince1970: died / 1000)
    }
}

extension JobQueue.DeadTicket {
    fileprivate mutating func read(_ document: [UInt8]) {
        do throws(BrokenDocument) {
            let read = try PublishJob(document: document)
            (job, account) = (read.id, read.account)
        } catch {
            (job, account, broken) = (error.id, error.account, error)
        }
    }
}

extension PublishJob {
    /// Id of a document, also of one that breaks rules; `nil`: it has none.
    static func id(in document: [UInt8]) -> String? {
        do throws(BrokenDocument) {
            return try PublishJob(document: document).id
        } catch {
            return error.id
        }
    }
}
