import Sandbox
import Support

/// Waits until everything has ended that can; where jobs wait for another day, that day comes.
struct CampaignEnd: Sendable {
    let bed: TestBed
    let plan: CampaignPlan
    let evidence: CampaignEvidence

    /// How it came to its end.
    struct Course: Sendable {
        /// Days that had to pass.
        var days = 0
        /// Jobs that waited for another day without a row that says so.
        var unseen: Set<String> = []
        /// Whether the jobs in doubt were asked about once more.
        var isReconciled = false
    }

    private static let daysMax = 12
    /// Rows and queue are not written in one step.
    private static let pauseBeforeDay = Duration.seconds(3)
    /// More than any take-over, deadline of a call or pause of an account.
    private static let patienceWithRows = Duration.seconds(80)
    private static let patience = Duration.seconds(200)
    /// What a job may be waiting for whose account has used up its day.
    private static let dayWaits: Set = ["daily_limit", "draft_limit"]
    private static let companions: Set = ["account_busy", "account_paused"]

    /// Gives up when nothing has changed for long; the verdict then names what has not ended.
    func wait() async throws -> Course {
        var course = Course()
        var latest = try await standing()
        var since = ContinuousClock.now
        while !latest.isClean || !course.isReconciled, since.duration(to: .now) < Self.patience {
            try await Task.sleep(for: .milliseconds(400))
            let now = try await standing()
            if now != latest { since = .now }
            latest = now
            if now.isClean, !course.isReconciled {
                try await askAboutDoubts()
                course.isReconciled = true
            }
            let pause = now.unseen.isEmpty ? Self.pauseBeforeDay : Self.patienceWithRows
            guard now.waitsForAnotherDay, since.duration(to: .now) > pause,
                course.days < Self.daysMax
            else { continue }
            course.days += 1
            course.unseen.formUnion(now.unseen)
            bed.sandbox.advanceClock(by: .seconds(86_460))
            for account in now.accounts { try await bed.letTheDayPass(for: account) }
            since = .now
        }
        return course
    }

    /// TikTok lists what it has posted; those that it lists must be known then.
    private func askAboutDoubts() async throws {
        let doubted = { (try await evidence.rows()).filter { $0.value.status == "in_doubt" }.count }
        guard try await doubted() > 0 else { return }
        try await bed.letTimersBeDue()
        var (latest, since) = (try await doubted(), ContinuousClock.now)
        while since.duration(to: .now) < Self.pauseBeforeDay {
            try await Task.sleep(for: .milliseconds(400))
            let now = try await doubted()
            if now != latest { (latest, since) = (now, .now) }
        }
    }

    private struct Standing: Equatable {
        var isClean = false
        /// What the jobs that have not ended wait for, by their ids.
        var open: [String: String] = [:]
        var accounts: Set<String> = []
        var unseen: Set<String> = []
        var waitsForAnotherDay = false
    }

    private func standing() async throws -> Standing {
        let rows = try await evidence.rows()
        let open = plan.jobs.filter { $0.kind != .unreadable && !isEnded(rows[$0.id]) }
        guard !open.isEmpty else {
            return Standing(isClean: try await evidence.facts().leftovers.isEmpty)
        }
        var standing = Standing()
        standing.accounts = Set(open.map(\.account))
        standing.unseen = Set(open.map(\.id).filter { rows[$0] == nil })
        for job in open { standing.open[job.id] = "\(rows[job.id]?.waitingFor ?? "")" }
        let seen = open.filter { rows[$0.id] != nil }
        standing.waitsForAnotherDay = Dictionary(grouping: seen, by: \.account).values
            .allSatisfy { jobs in
                let waits = Set(jobs.compactMap { standing.open[$0.id] })
                return !waits.isDisjoint(with: Self.dayWaits)
                    && waits.isSubset(of: Self.dayWaits.union(Self.companions))
            }
        return standing
    }

    private func isEnded(_ row: CampaignFacts.Row?) -> Bool {
        let open = ["waiting", "preparing", "uploading", "processing"]
        return row.map { !open.contains($0.status) } ?? false
    }
}
