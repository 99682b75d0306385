import Postgres
import Sandbox
import Support
import Testing

/// One run of a plan.
struct Campaign: Sendable {
    private let plan: CampaignPlan
    private let bed: TestBed
    private let crew: CampaignCrew
    private let progress: CampaignProgress
    private let evidence: CampaignEvidence

    init(_ plan: CampaignPlan, on bed: TestBed) {
        self.plan = plan
        self.bed = bed
        crew = CampaignCrew(bed)
        progress = CampaignProgress(bed: bed)
        evidence = CampaignEvidence(bed: bed, plan: plan)
    }

    func run() async throws {
        let size = plan.size
        CampaignReport.say(
            "seed \(size.seed): \(plan.jobs.count) jobs, \(plan.pushes.count) documents,"
                + " \(plan.accounts.count) accounts, \(size.workers) workers, \(size.kills) kills"
        )
        let digests = try await setTheScene()
        try await crew.start(size.workers)
        let (notBefore, strikes) = try await makeTrouble()
        bed.sandbox.clearFaults()
        let course = try await CampaignEnd(bed: bed, plan: plan, evidence: evidence).wait()
        try await crew.stopAll()

        var facts = try await evidence.facts()
        facts.digests = digests
        facts.notBefore = notBefore
        facts.unseen = course.unseen
        facts.freezes = await crew.freezes
        facts.mishaps = await crew.mishaps
        let findings = CampaignVerdict(facts).findings
        let report = CampaignReport(plan: plan, facts: facts, findings: findings, bed: bed)
        CampaignReport.say(try await report.summary(strikes: strikes, days: course.days))
        for finding in findings { Issue.record("seed \(plan.size.seed): \(finding)") }
        if !findings.isEmpty { CampaignReport.say(try await report.details()) }
    }

    private func setTheScene() async throws -> [String: String] {
        for account in plan.accounts {
            try await bed.connect(account.name) { $0.postsPerDay = account.tiktokPosts }
            guard let limit = account.ownPosts else { continue }
            _ = try await bed.database.execute(
                """
                UPDATE tiktok_accounts SET daily_post_limit = \(limit)
                WHERE account = \(account.name)
                """
            )
        }
        CampaignFaults.plan(for: bed.sandbox, size: plan.size)
        var digests: [String: String] = [:]
        for media in CampaignMedia.allCases {
            digests[media.name] = try bed.video(media.name, bytes: media.bytes).sha256
        }
        return digests
    }

    private func makeTrouble() async throws -> ([String: Int64], [CampaignStrike.Kind: Int]) {
        let upstream = CampaignUpstream(bed: bed, plan: plan, progress: progress)
        let mischief = CampaignMischief(bed: bed, plan: plan, crew: crew, progress: progress)
        async let notBefore = upstream.push()
        async let strikes = mischief.strike()
        return try await (notBefore, strikes)
    }
}
