internal import FoundationEssentials
package import JSON
internal import Synchronization

/// What a worker is doing, for `workers` and for the log: one entry for each job in hand.
package final class Desk: Sendable {
    /// The worker's name.
    package let worker: String
    private let facts: [String: JSONValue]
    private let now = Mutex(State())

    private struct State {
        /// By fence.
        var jobs: [Int64: Job] = [:]
        var mode = Mode.working
    }

    private struct Job {
        let ticket: String
        var id: String?
        var step = "claimed"
        /// The Celery message that brought it, if one did.
        var task: CeleryMessage?
        let since = Date.now
    }

    package enum Mode: String, Sendable {
        case working, paused, draining
    }

    /// Most jobs that are shown.
    private static let shownMax = 100

    /// - Parameters:
    ///   - worker: its name.
    ///   - facts: what never changes, as `workers` shows it.
    package init(worker: String, facts: [String: JSONValue]) {
        self.worker = worker
        self.facts = facts.merging(["since": Self.time(.now)]) { own, _ in own }
    }

    func take(_ claim: Claim) {
        now.withLock { $0.jobs[claim.fence] = Job(ticket: claim.ticket) }
    }

    func note(_ claim: Claim, id: String, step: String) {
        now.withLock { state in
            state.jobs[claim.fence]?.id = id
            state.jobs[claim.fence]?.step = step
        }
    }

    func note(_ claim: Claim, task: CeleryMessage?) {
        now.withLock { $0.jobs[claim.fence]?.task = task }
    }

    /// The Celery tasks in hand, the oldest first.
    func tasks(atMost most: Int) -> [(message: CeleryMessage, since: Date)] {
        let jobs = now.withLock { $0.jobs }
        return jobs.sorted { $0.key < $1.key }
            .compactMap { _, job in job.task.map { ($0, job.since) } }.prefix(most).map(\.self)
    }

    var taskCount: Int { now.withLock { $0.jobs.values.count { $0.task != nil } } }

    func leave(_ claim: Claim) {
        now.withLock { $0.jobs[claim.fence] = nil }
    }

    var mode: Mode {
        get { now.withLock { $0.mode } }
        set { now.withLock { $0.mode = newValue } }
    }

    /// Everything, as JSON.
    var state: String {
        let (jobs, mode) = now.withLock { ($0.jobs, $0.mode) }
        let shown = jobs.sorted { $0.key < $1.key }.prefix(Self.shownMax).map { _, job in
            JSONValue.object([
                "job": job.id.map { .string($0) } ?? .null, "ticket": .string(job.ticket),
                "step": .string(job.step), "since": Self.time(job.since),
            ])
        }
        let present: [String: JSONValue] = [
            "in_hand": .integer(Int64(jobs.count)), "state": .string(mode.rawValue),
            "jobs": .array(shown),
        ]
        return JSONValue.object(facts.merging(present) { $1 }).encodedText
    }

    private static func time(_ date: Date) -> JSONValue {
        .string(date.formatted(Date.ISO8601FormatStyle()))
    }
}
