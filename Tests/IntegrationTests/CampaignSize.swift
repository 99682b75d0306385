import Foundation

/// How long a campaign is, and its seed: `CAMPAIGN_SEED`, `CAMPAIGN_JOBS`, `CAMPAIGN_KILLS`,
/// `CAMPAIGN_WORKERS`, or `CAMPAIGN_MINUTES` for jobs and kills in proportion.
struct CampaignSize: Sendable {
    var seed: UInt64
    var jobs: Int
    /// Of workers, of Redis and of PostgreSQL, with SIGKILL; workers that are frozen or told to
    /// stop come on top.
    var kills: Int
    var workers = 3

    /// What fits into about two minutes on two cores.
    static let usual = (jobs: 400, kills: 12)
    private static let jobsPerMinute = 200
    private static let killsPerMinute = 6

    static let ofThisRun = CampaignSize(ProcessInfo.processInfo.environment)

    init(seed: UInt64, jobs: Int, kills: Int) {
        self.seed = seed
        self.jobs = jobs
        self.kills = kills
    }

    init(_ environment: [String: String]) {
        func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
        let minutes = number("CAMPAIGN_MINUTES")
        seed =
            environment["CAMPAIGN_SEED"].flatMap { UInt64($0) }
            ?? UInt64.random(in: 1...999_999_999)
        jobs =
            number("CAMPAIGN_JOBS") ?? minutes.map { $0 * Self.jobsPerMinute } ?? Self.usual.jobs
        kills =
            number("CAMPAIGN_KILLS") ?? minutes.map { $0 * Self.killsPerMinute }
            ?? Self.usual.kills
        workers = number("CAMPAIGN_WORKERS") ?? workers
    }

    /// Only ends a campaign that hangs.
    var limitMinutes: Int { 15 + jobs / 20 + kills }
}
