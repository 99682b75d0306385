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
            await progress.strikes.note()
        }
        return counts
    }

    private func perform(_ strike: CampaignStrike) async throws {
        let pause = Duration.milliseconds(strike.pause)
        let servers = bed.servers
        switch strike.kind {
        case .killWorker:
            await crew.kill(strike.worker)
            try await Task.sleep(for: pause)
            try await crew.replaceKilled()
        case .killRedis:
            await servers.redis.kill()
            try await Task.sleep(for: pause)
            try await servers.redis.restart()
        case .killPostgres:
            await servers.postgres.kill()
            try await Task.sleep(for: pause)
            try await servers.postgres.restart()
        case .killAll: try await killAll(for: pause)
        case .freezeWorker: try await crew.freeze(strike.worker, for: Self.freeze + pause)
        case .freezeRedis:
            await servers.redis.pause()
            try await Task.sleep(for: Self.freeze + pause)
            await servers.redis.resume()
        case .freezePostgres:
            await servers.postgres.pause()
            try await Task.sleep(for: Self.freeze + pause)
            await servers.postgres.resume()
        case .stopWorker: try await crew.stop(strike.worker)
        }
    }

    private func killAll(for pause: Duration) async throws {
        async let redis: Void = bed.servers.redis.kill()
        async let postgres: Void = bed.servers.postgres.kill()
        async let workers: Void = crew.killAll()
        _ = await (redis, postgres, workers)
        try await Task.sleep(for: pause)
        try await bed.servers.redis.restart()
        try await bed.servers.postgres.restart()
        try await crew.replaceKilled()
    }
}
