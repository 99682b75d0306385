import Foundation
import Postgres
import Redis
import Support

/// The apps that push jobs: they never stop for long, and see to it that each push counts once,
/// also while Redis dies.
struct CampaignUpstream: Sendable {
    let bed: TestBed
    let plan: CampaignPlan
    let progress: CampaignProgress

    /// How long until a scheduled job may begin.
    private static let scheduledSeconds = 4.0...20.0
    private static let batch = 8
    /// Documents that may wait or run before upstream pauses: a backlog that lasts.
    private var ahead: Int { max(60, plan.size.jobs / 5) }

    /// Notes the push in the same step, so that a push whose answer was lost is not repeated.
    private static let script = """
        if redis.call('SADD', KEYS[1], ARGV[1]) == 1 then redis.call('LPUSH', KEYS[2], ARGV[2]) end
        return 1
        """

    /// Pushes everything.
    ///
    /// - Returns: when each scheduled job may begin, in milliseconds since 1970.
    func push() async throws -> [String: Int64] {
        var random = CampaignRandom(seed: plan.size.seed ^ 0xABCD)
        var notBefore: [String: Date] = [:]
        for (number, index) in plan.pushes.enumerated() {
            if number.isMultiple(of: Self.batch) {
                await progress.hold(until: number - ahead, atMost: .seconds(5))
                await letStrikesCatchUp(number)
            }
            let job = plan.jobs[index]
            if job.kind == .scheduled, notBefore[job.id] == nil {
                let wait = Double.random(in: Self.scheduledSeconds, using: &random)
                notBefore[job.id] = Date(
                    timeIntervalSince1970: (Date.now.timeIntervalSince1970 + wait).rounded()
                )
            }
            try await push(number, job.document(notBefore: notBefore[job.id]))
        }
        return notBefore.mapValues { Int64($0.timeIntervalSince1970 * 1000) }
    }

    /// Jobs must not be over before the last blow falls.
    private func letStrikesCatchUp(_ number: Int) async {
        let due = plan.strikes.count * number / plan.pushes.count - 1
        let end = ContinuousClock.now + .seconds(30)
        while await progress.strikes.done < due, ContinuousClock.now < end, !Task.isCancelled {
            // A cancelled sleep is noticed above.
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private func push(_ number: Int, _ document: [UInt8]) async throws {
        let command: [RedisArgument] = [
            "EVAL", .text(Self.script), 2, .text("campaign-pushed"), .text(bed.queue),
            .integer(Int64(number)), .bytes(document),
        ]
        try await waitUntil("a push", limit: .seconds(120)) {
            do {
                _ = try await bed.redis.send(command)
                return true
            } catch let error as RedisError {
                guard error.isUnavailable || error.mayHaveRun else { throw error }
                return false
            }
        }
    }
}

/// How far the campaign is: what the pace of everything depends on.
struct CampaignProgress: Sendable {
    let bed: TestBed
    let strikes = Strikes()

    /// How many blows have fallen and were made good.
    actor Strikes {
        private(set) var done = 0

        func note() { done += 1 }
    }

    /// `nil` while PostgreSQL is away.
    func ended() async -> Int? {
        let rows = try? await bed.database.query(
            "SELECT count(*) AS ended FROM publish_history WHERE finished_at IS NOT NULL"
        )
        return try? rows?.first?.int("ended")
    }

    /// Waits until so many have ended; goes on after a while all the same, because jobs may be
    /// waiting for another day.
    func hold(until count: Int, atMost limit: Duration) async {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end, !Task.isCancelled {
            if let ended = await ended(), ended >= count { return }
            // A cancelled sleep is noticed above.
            try? await Task.sleep(for: .milliseconds(100))
        }
    }
}
