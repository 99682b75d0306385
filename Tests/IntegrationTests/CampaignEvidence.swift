import Foundation
import Postgres
import Redis
import Sandbox
import Support

/// Collects the facts of a campaign from outside the program.
struct CampaignEvidence: Sendable {
    let bed: TestBed
    let plan: CampaignPlan

    /// Everything but what only the campaign itself knows.
    func facts() async throws -> CampaignFacts {
        var facts = CampaignFacts(
            accounts: plan.accounts,
            jobs: plan.jobs,
            accountConcurrency: plan.accountConcurrency
        )
        seeTikTok(&facts)
        facts.rows = try await rows()
        facts.duplicates = try await duplicates()
        let dead = try await deadTickets()
        facts.deadDocuments = try await documents(of: dead)
        // Those in doubt are asked about for a week, and then dead.
        let doubted = try await tickets(
            of: facts.rows.filter { $0.value.status == "in_doubt" }.keys
        )
        facts.leftovers = try await leftovers(dead: Set(dead + doubted))
        return facts
    }

    // MARK: TikTok

    private func seeTikTok(_ facts: inout CampaignFacts) {
        let report = bed.sandbox.report()
        let journal = bed.sandbox.journal()
        facts.posts = report.posts.map { post in
            CampaignFacts.Post(
                publishID: post.publishID,
                openID: post.openID,
                title: post.title,
                isDraft: post.mode == "draft",
                isDelivered: post.isDelivered,
                createdAt: post.createdAt,
                sha256: post.sha256
            )
        }
        facts.calls = journal.compactMap { entry in
            guard let openID = entry.openID, let endpoint = Self.limited[entry.endpoint] else {
                return nil
            }
            return CampaignFacts.Call(openID: openID, endpoint: endpoint, at: entry.at)
        }
        facts.transfers = journal.compactMap { entry in
            guard let openID = entry.openID, let publishID = entry.publishID else { return nil }
            return CampaignFacts.Transfer(
                openID: openID,
                publishID: publishID,
                beganAt: entry.beganAt,
                endedAt: entry.at
            )
        }
        facts.violations = report.violations.map(\.what)
    }

    private static let limited: [SandboxEndpoint: CampaignFacts.Endpoint] = [
        .creatorInfo: .creatorInfo, .videoInit: .videoInit, .inboxInit: .inboxInit,
        .contentInit: .contentInit, .status: .status,
    ]

    // MARK: PostgreSQL

    func rows() async throws -> [String: CampaignFacts.Row] {
        var rows: [String: CampaignFacts.Row] = [:]
        let found = try await bed.database.query(
            "SELECT job_id, status, error_code, publish_id, waiting_for FROM publish_history"
        )
        for row in found {
            rows[try row.text("job_id")] = CampaignFacts.Row(
                status: try row.text("status"),
                errorCode: try row.textIfAny("error_code"),
                publishID: try row.textIfAny("publish_id"),
                waitingFor: try row.textIfAny("waiting_for")
            )
        }
        return rows
    }

    private func duplicates() async throws -> [String: Int] {
        let found = try await bed.database.query(
            """
            SELECT job_id, count(*) AS events FROM publish_events
            WHERE event = 'duplicate' GROUP BY job_id
            """
        )
        var duplicates: [String: Int] = [:]
        for row in found { duplicates[try row.text("job_id")] = try row.int("events") }
        return duplicates
    }

    // MARK: Redis

    private func deadTickets() async throws -> [String] {
        texts(try await bed.redis.send(["ZRANGE", .text(bed.key("dead")), 0, -1]))
    }

    private func tickets(of jobs: some Collection<String>) async throws -> [String] {
        var tickets: [String] = []
        for job in jobs {
            let ticket = try await bed.redis.send(["GET", .text(bed.key("owner:\(job)"))]).text
            if let ticket { tickets.append(ticket) }
        }
        return tickets
    }

    private func documents(of tickets: [String]) async throws -> [String] {
        var documents: [String] = []
        for ticket in tickets {
            let key = bed.key("job:\(ticket)")
            let document = try await bed.redis.send(["HGET", .text(key), "document"])
            documents.append(document.text ?? "nothing under \(key)")
        }
        return documents
    }

    /// What must be gone when every job has ended: by patterns, so that keys which are new are
    /// looked at as well.
    private func leftovers(dead: Set<String>) async throws -> [String] {
        let prefix = bed.key("")
        var leftovers: [String] = []
        for key in texts(try await bed.redis.send(["KEYS", .text(prefix + "*")])).sorted() {
            let name = String(key.dropFirst(prefix.count))
            let type = try await bed.redis.send(["TYPE", .text(key)]).text ?? ""
            if try await mustBeGone(key, name, type, dead) { leftovers.append("\(name) (\(type))") }
        }
        let waiting = try await bed.redis.send(["LLEN", .text(bed.queue)]).integer ?? 0
        return leftovers + (waiting == 0 ? [] : ["\(waiting) documents on the upstream list"])
    }

    private func mustBeGone(
        _ key: String,
        _ name: String,
        _ type: String,
        _ dead: Set<String>
    ) async throws -> Bool {
        // What ends by itself cannot pile up.
        let ttl = try await bed.redis.send(["PTTL", .text(key)]).integer ?? 0
        guard ttl < 0 else { return false }
        if name.hasPrefix("job:") { return !dead.contains(String(name.dropFirst(4))) }
        if name.hasPrefix("owner:") {
            // The id of a dead letter stays taken.
            let ticket = try await bed.redis.send(["GET", .text(key)]).text ?? ""
            return !dead.contains(ticket)
        }
        if name.hasPrefix("timers:") {
            let tickets = texts(try await bed.redis.send(["ZRANGE", .text(key), 0, -1]))
            return !dead.isSuperset(of: tickets)
        }
        if name == "in_line" {
            let counts = texts(try await bed.redis.send(["HVALS", .text(key)]))
            return counts.contains { $0 != "0" }
        }
        let isOfJobs = ["leases", "fences", "deliveries", "cancels"].contains(name)
        let isOfAccounts = ["slots:", "line:", "running:", "hold:"]
            .contains(where: name.hasPrefix)
        return isOfJobs || isOfAccounts || type == "list"
    }

    private func texts(_ answer: RedisValue) -> [String] {
        (answer.array ?? []).compactMap(\.text)
    }
}
