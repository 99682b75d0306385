import Sandbox
import Support

/// Waits until everything has ended that can; where jobs wait for another day, that day comes.
struct CampaignEnd: Sendable {
    let bed: TestBed
    let plan: CampaignPlan
    let evidence: CampaignEvidence

    private static let daysMax = 12
    /// What a job may be waiting for whose account has used up its day.
    private static let dayWaits: Set = ["daily_limit", "draft_limit"]
    private static let companions: Set = ["account_busy", "account_paused"]

    /// - Returns: how many days had to pass. The verdict names jobs that have not ended by now.
    func wait() async throws -> Int {
        let deadline = ContinuousClock.now + .seconds(240 + plan.size.jobs / 4)
        var days = 0
        var steady = 0
        while ContinuousClock.now < deadline {
            switch try await standing() {
            case .clean: return days
            case .busy: steady = 0
            case .waitingForAnotherDay(let accounts):
                steady += 1
                // Twice in a row: rows and queue are not written in one step.
                guard steady > 5, days < Self.daysMax else { break }
                steady = 0
                days += 1
                bed.sandbox.advanceClock(by: .seconds(86_460))
                for account in accounts { try await bed.letTheDayPass(for: account) }
            }
            try await Task.sleep(for: .milliseconds(400))
        }
        return days
    }

    private enum Standing {
        case clean
        case busy
        case waitingForAnotherDay([String])
    }

    private func standing() async throws -> Standing {
        let rows = try await evidence.rows()
        let open = plan.jobs.filter { job in
            job.kind != .unreadable && !isEnded(rows[job.id])
        }
        guard !open.isEmpty else {
            return try await evidence.facts().leftovers.isEmpty ? .clean : .busy
        }
        let byAccount = Dictionary(grouping: open, by: \.account)
        let isOver = byAccount.values.allSatisfy { jobs in
            let waits = Set(jobs.map { rows[$0.id]?.waitingFor ?? "" })
            return !waits.isDisjoint(with: Self.dayWaits)
                && waits.isSubset(of: Self.dayWaits.union(Self.companions))
        }
        return isOver ? .waitingForAnotherDay(byAccount.keys.sorted()) : .busy
    }

    private func isEnded(_ row: CampaignFacts.Row?) -> Bool {
        let open = ["waiting", "preparing", "uploading", "processing"]
        return row.map { !open.contains($0.status) } ?? false
    }
}
