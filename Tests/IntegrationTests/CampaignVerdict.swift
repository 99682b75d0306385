/// Something a campaign shows that must never be.
struct CampaignFinding: Sendable, CustomStringConvertible {
    let kind: Kind
    let what: String
    var job: String?
    var account: String?

    enum Kind: String, Sendable, CaseIterable {
        case lost
        /// Waits, and no row says so.
        case unseen
        case postedTwice = "posted twice"
        case postedWrongly = "posted wrongly"
        case wrongEnd = "wrong end"
        case events
        case overDailyLimit = "over a daily limit"
        case overMinuteLimit = "over a minute's limit"
        case overConcurrency = "over an account's concurrency"
        case violation
        case leftover
        case mishap
    }

    var description: String {
        let subjects = [job, account].compactMap(\.self).joined(separator: ", ")
        return "\(kind.rawValue): \(what)\(subjects.isEmpty ? "" : " (\(subjects))")"
    }
}

/// Pure: what of a campaign's facts must never be; empty when every promise was kept.
struct CampaignVerdict {
    let facts: CampaignFacts

    init(_ facts: CampaignFacts) {
        self.facts = facts
    }

    var findings: [CampaignFinding] {
        ends + posts + drafts + duplicateEvents + deadLetters
            + dailyPosts + minuteLimits + concurrency
            + facts.violations.map(violation)
            + facts.unseen.sorted().map {
                CampaignFinding(kind: .unseen, what: "waited for a day without a row", job: $0)
            }
            + facts.leftovers.map { CampaignFinding(kind: .leftover, what: $0) }
            + facts.mishaps.map { CampaignFinding(kind: .mishap, what: $0) }
    }

    private func violation(_ what: String) -> CampaignFinding {
        let job = facts.jobs.first { what.contains("'\($0.title)'") }
        return CampaignFinding(kind: .violation, what: what, job: job?.id, account: job?.account)
    }

    // MARK: Rows

    private var ends: [CampaignFinding] {
        let known = Set(facts.jobs.map(\.id))
        let strangers = facts.rows.keys.filter { !known.contains($0) }.map {
            CampaignFinding(kind: .wrongEnd, what: "a row of a job that nobody pushed", job: $0)
        }
        return facts.jobs.compactMap { end(of: $0) } + strangers
    }

    private func end(of job: CampaignJob) -> CampaignFinding? {
        let row = facts.rows[job.id]
        func finding(_ kind: CampaignFinding.Kind, _ what: String) -> CampaignFinding {
            CampaignFinding(kind: kind, what: what, job: job.id, account: job.account)
        }
        guard job.end != .unread else {
            return row.map { finding(.wrongEnd, "a row \($0.status) of what cannot be read") }
        }
        guard let row else { return finding(.lost, "no row") }
        let open = ["waiting", "preparing", "uploading", "processing"]
        guard !open.contains(row.status) else {
            return finding(.lost, "still \(row.status) for \(row.waitingFor ?? "nothing")")
        }
        let isDoubted = job.mayBeInDoubt && row.status == "in_doubt"
        guard !isDoubted, !isRight(row, for: job.end) else { return nil }
        return finding(.wrongEnd, "\(row.status) \(row.errorCode ?? ""), not \(job.end)")
    }

    private func isRight(_ row: CampaignFacts.Row, for end: CampaignJob.End) -> Bool {
        switch end {
        case .published: row.status == "published"
        case .delivered: row.status == "delivered"
        case .expired: row.status == "expired"
        case .rejected: row.status == "rejected"
        case .failed(let code): row.status == "failed" && row.errorCode == code
        case .unread: false
        }
    }

    // MARK: Posts

    /// Direct posts, compared by their titles.
    private var posts: [CampaignFinding] {
        let out = facts.posts.filter { $0.isDelivered && !$0.isDraft }
        let byTitle = Dictionary(grouping: out, by: \.title)
        let titles = Set(facts.jobs.map(\.title))
        let strangers = byTitle.keys.filter { !titles.contains($0) }.map {
            CampaignFinding(kind: .postedWrongly, what: "nobody asked for '\($0)'")
        }
        return strangers + facts.jobs.compactMap { post(of: $0, out: byTitle[$0.title] ?? []) }
    }

    private func post(of job: CampaignJob, out: [CampaignFacts.Post]) -> CampaignFinding? {
        func finding(_ kind: CampaignFinding.Kind, _ what: String) -> CampaignFinding {
            CampaignFinding(kind: kind, what: what, job: job.id, account: job.account)
        }
        guard job.end == .published else {
            return out.isEmpty ? nil : finding(.postedWrongly, "\(out.count) posts")
        }
        guard out.count < 2 else { return finding(.postedTwice, "\(out.count) posts") }
        guard let post = out.first else {
            // Without a row of success it is among the lost or the wrong ends already.
            guard facts.rows[job.id]?.status == "published" else { return nil }
            return finding(.lost, "a row of success without a post")
        }
        if post.openID != "-000-\(job.account)" {
            return finding(.postedWrongly, "to \(post.openID)")
        }
        if !job.mayBeInDoubt, post.sha256 != facts.digests[job.media.name] {
            return finding(.postedWrongly, "with other bytes")
        }
        // One that TikTok listed, and whose init was never answered, is known without a name.
        if let row = facts.rows[job.id], row.publishID != post.publishID,
            !job.mayBeInDoubt || row.publishID != nil
        {
            return finding(.postedWrongly, "as \(post.publishID), which the row does not name")
        }
        if let start = facts.notBefore[job.id], post.createdAt < start {
            return finding(.postedWrongly, "\(start - post.createdAt) ms before its time")
        }
        return nil
    }

    /// Drafts have no title at TikTok: counted by account, and named by their rows.
    private var drafts: [CampaignFinding] {
        let out = facts.posts.filter { $0.isDelivered && $0.isDraft }
        let wanted = Dictionary(grouping: facts.jobs.filter { $0.end == .delivered }) {
            "-000-\($0.account)"
        }
        let named = Set(facts.rows.values.compactMap(\.publishID))
        // Each of them may have left one draft whose name nobody knows.
        let doubted = Set(
            facts.jobs.filter { $0.mayBeInDoubt && facts.rows[$0.id]?.status == "in_doubt" }
                .map { "-000-\($0.account)" }
        )
        let unnamed = out.filter {
            !named.contains($0.publishID) && !doubted.contains($0.openID)
        }.map {
            CampaignFinding(
                kind: .postedTwice,
                what: "no row names \($0.publishID)",
                account: $0.openID
            )
        }
        let counts = Dictionary(grouping: out, by: \.openID).mapValues(\.count)
        let tooMany = counts.compactMap { openID, count -> CampaignFinding? in
            let most = wanted[openID]?.count ?? 0
            guard count > most else { return nil }
            return CampaignFinding(
                kind: .postedTwice,
                what: "\(count) drafts instead of \(most)",
                account: openID
            )
        }
        let ids = Set(out.map(\.publishID))
        let missing = facts.jobs.filter { job in
            job.end == .delivered && facts.rows[job.id]?.status == "delivered"
                && !ids.contains(facts.rows[job.id]?.publishID ?? "")
        }.map {
            CampaignFinding(kind: .lost, what: "a row of success without a draft", job: $0.id)
        }
        return unnamed + tooMany + missing
    }

    // MARK: What is written beside the rows

    private var duplicateEvents: [CampaignFinding] {
        facts.jobs.compactMap { job in
            let count = facts.duplicates[job.id] ?? 0
            guard count != job.repeats else { return nil }
            return CampaignFinding(
                kind: count < job.repeats ? .lost : .events,
                what: "\(count) events 'duplicate' of \(job.repeats) repetitions",
                job: job.id
            )
        }
    }

    /// Exactly the documents that cannot be posted.
    private var deadLetters: [CampaignFinding] {
        let ids = facts.jobs.filter(\.dies).map(\.id)
        let dead = facts.deadDocuments.map { document in
            ids.first { document.contains("\"\($0)\"") } ?? ""
        }
        let missing = Set(ids).subtracting(dead).map {
            CampaignFinding(kind: .lost, what: "no dead letter", job: $0)
        }
        let others = zip(dead, facts.deadDocuments).filter { $0.0.isEmpty }.map {
            CampaignFinding(kind: .leftover, what: "a dead letter of what did not die: \($0.1)")
        }
        let repeated = Dictionary(grouping: dead.filter { !$0.isEmpty }) { $0 }
            .filter { $0.value.count > 1 }.keys.map {
                CampaignFinding(kind: .leftover, what: "more than one dead letter", job: $0)
            }
        return missing + others + repeated
    }
}
