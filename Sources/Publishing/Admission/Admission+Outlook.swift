package import FoundationEssentials
internal import TikTok

extension Admission {
    /// One thing that a job would wait for.
    package struct Prospect: Sendable, Equatable {
        /// `nil`: no worker looks at the job before that.
        package let waitingFor: WaitingFor?
        /// As far as anybody knows; `nil`: until others are through, or somebody goes on.
        package let until: Date?
        package let words: String
    }
}

extension Admission.Usage {
    /// What a job pushed now would wait for, in the order in which `admit.lua` asks; none: it goes.
    ///
    /// Read from counts, so others may change it before the job is there.
    ///
    /// - Parameter slots: jobs of one account that transfer at once.
    func prospects(
        for job: PublishJob,
        slots: Int,
        now: Date = .now
    ) -> [Admission.Prospect] {
        let calls = calls.filter { job.beginsWith.contains($0.endpoint) }.map { call in
            call.count.prospect(.rateLimit, "calls of \(call.endpoint.rawValue) in a minute")
        }
        return ([schedule(job, now), busy(slots), standstill] + counted(job) + calls)
            .compactMap(\.self)
    }

    private func schedule(_ job: PublishJob, _ now: Date) -> Admission.Prospect? {
        guard let time = job.publishAt, time > now else { return nil }
        return Admission.Prospect(
            waitingFor: .schedule,
            until: time,
            words: "its publish_at has not come"
        )
    }

    private func busy(_ slots: Int) -> Admission.Prospect? {
        guard running >= slots || inLine > 0 else { return nil }
        return Admission.Prospect(
            waitingFor: .accountBusy,
            until: nil,
            words: "\(running) jobs of the account transfer, \(inLine) stand in line"
        )
    }

    private var standstill: Admission.Prospect? {
        pause.map { pause in
            Admission.Prospect(
                waitingFor: .accountPaused,
                until: pause.until,
                words: "the account is paused: \(pause.reason)"
            )
        }
    }

    /// What only posts, or only drafts, wait for.
    private func counted(_ job: PublishJob) -> [Admission.Prospect?] {
        let isDraft = job.mode == .draft
        let hold = (isDraft ? draftHold : postHold).map { hold in
            Admission.Prospect(
                waitingFor: hold.waitingFor,
                until: hold.until,
                words: "TikTok's last answer: \(hold.reason)"
            )
        }
        guard !isDraft else {
            return [hold, drafts.prospect(.draftLimit, "drafts of the account in 24 hours")]
        }
        return [
            hold, posts.prospect(.dailyLimit, "posts of the account in 24 hours"),
            activeAccounts.prospect(.dailyLimit, "accounts that post in 24 hours"),
        ]
    }

    /// Whether no post of a mode is ever allowed, because somebody has set its limit to zero.
    func excludes(_ mode: PublishJob.Mode) -> Bool {
        (mode == .draft ? drafts : posts).next == .never
    }

    /// Whether a call of an endpoint is within the account's limit now.
    func allows(_ endpoint: Endpoint) -> Bool {
        calls.allSatisfy { $0.endpoint != endpoint || $0.count.next == .now }
    }
}

extension Admission.Count {
    /// - Parameter what: is counted.
    fileprivate func prospect(_ reason: WaitingFor, _ what: String) -> Admission.Prospect? {
        guard case .at(let date) = next, let cap else { return nil }
        return Admission.Prospect(
            waitingFor: reason,
            until: date,
            words: "\(used) of \(cap) \(what) are used"
        )
    }
}
