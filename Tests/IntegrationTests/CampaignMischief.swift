import PrivateServers
import Support

/// Strikes workers and servers, one after another, as the plan says.
struct CampaignMischief: Sendable {
    let bed: TestBed
    let plan: CampaignPlan
    let crew: CampaignCrew
    let progress: CampaignProgress

    /// Longer than a lease, so that others take over.
    private static let freeze = Duration.seconds(CampaignTests.leaseSeconds) + .milliseconds(500)

    /// Strikes are spread over the jobs; a quarter of those may wait for another day.
    ///
    /// - Returns: how often each kind struck.
    func strike() async throws -> [CampaignStrike.Kind: Int] {
        var counts: [CampaignStrike.Kind: Int] = [:]
        let each = Double(plan.jobs.count) * 0.8 / Double(plan.strikes.count + 1)
        for (number, strike) in plan.strikes.enumerated() {
            await progress.hold(until: Int(each * Double(number + 1)), atMost: .seconds(10))
            try await perform(strike)
            counts[strike.kind, default: 0] += 1
        }
        return counts
    }

    private func perform(_ strike: CampaignStrike) async throws {
        let pause = Duration.milliseconds(strike.pause)
        switch strike.kind {
        case .killWorker: try await crew.kill(strike.worker, replacedAfter: pause)
        case .freezeWorker: try await crew.freeze(strike.worker, for: Self.freeze + pause)
        case .stopWorker: try await crew.stop(strike.worker)
        case .killRedis:
            await bed.servers.redis.kill()
            try await Task.sleep(for: pause)
            try await bed.servers.redis.restart()
        case .killPostgres:
            await bed.servers.postgres.kill()
            try await Task.sleep(for: pause)
            try await bed.servers.postgres.restart()
        }
    }
}
