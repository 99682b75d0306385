import Foundation
import Sandbox
import Support
import Testing

/// Several workers, hundreds of accounts, faults at every endpoint, and processes killed at any
/// moment: nothing is lost, nothing is posted twice, no account is over its limit.
///
/// `CAMPAIGN_SEED` repeats a campaign, `CAMPAIGN_JOBS` and `CAMPAIGN_KILLS`, or `CAMPAIGN_MINUTES`,
/// make it longer.
@Suite(.timeLimit(.minutes(CampaignSize.ofThisRun.limitMinutes)))
struct CampaignTests {
    static let leaseSeconds = 3

    @Test func `a campaign loses nothing, posts nothing twice and keeps every limit`() async throws
    {
        let plan = CampaignPlan(.ofThisRun)
        let prefix = try await PulledKind.prefix
        try await TestBed.run(
            Self.settings(plan).merging(PulledKind.settings(prefix)) { $1 },
            hasOwnServers: true,
            options: {
                PulledKind.verify(&$0, prefix)
                Self.change(&$0, plan.size)
            },
            { bed in try await Campaign(plan, on: bed).run() }
        )
    }

    private static func settings(_ plan: CampaignPlan) -> [String: String] {
        [
            "CHUNK_BYTES": "\(CampaignMedia.chunkBytes)",
            "LEASE_SECONDS": "\(leaseSeconds)",
            "ACCOUNT_CONCURRENCY": "\(plan.accountConcurrency)",
            "DAILY_POST_LIMIT": "\(CampaignAccount.postsPerDay)",
            "DAILY_DRAFT_LIMIT": "\(CampaignAccount.draftsPerDay)",
            // Faults must not use a job's attempts up: what can be posted must be posted.
            "MAX_ATTEMPTS": "50",
        ]
    }

    private static func change(_ options: inout SandboxOptions, _ size: CampaignSize) {
        options.processing = .milliseconds(300)
        options.download = .milliseconds(200)
        options.seed = size.seed
        options.journalEntries = 2_000_000
        // Days pass in a campaign.
        options.accessTokenSeconds = 365 * 86_400
    }
}
