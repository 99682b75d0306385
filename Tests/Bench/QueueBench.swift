import Foundation
import Glibc
import JSON
import PrivateServers
import Postgres
import Redis
import Sandbox
import Support

/// What a job costs Redis from claim to settlement, with few and with many jobs waiting behind it.
struct CostBench {
    /// Jobs that wait in the two runs.
    private static let waiting = [1_000, 1_000_000]
    private static let commandsMax = 12.0
    /// On the machine whose yardstick is `Yardstick.microseconds`.
    private static let microsecondsMax = 60.0
    /// Flat: the dearer run costs at most this much more, which is noise of the machine.
    private static let growthMax = 1.5

    /// Published jobs that are measured.
    private let measured = 1_500
    /// So many that no job meets another of its account, for whom it would have to stand in line.
    private static let accounts = 3_000

    func run() async throws -> Bool {
        var costs: [Double] = []
        var isMet = true
        for waiting in Self.waiting {
            let (commands, taken, yardstick) = try await measure(waiting: waiting)
            let microseconds = taken / yardstick * Yardstick.microseconds
            print(
                "\(waiting) waiting: \(commands.rounded(to: 1)) commands and "
                    + "\(taken.rounded(to: 1)) µs of Redis's time a job; the yardstick took "
                    + "\(yardstick.rounded(to: 1)) µs instead of \(Yardstick.microseconds), so "
                    + "this is worth \(microseconds.rounded(to: 1)) µs"
            )
            costs.append(microseconds)
            isMet = isMet && commands <= Self.commandsMax && microseconds <= Self.microsecondsMax
        }
        let growth = costs[1] / costs[0]
        print("with a thousand times as many waiting: \(growth.rounded(to: 2)) times the cost")
        isMet = isMet && growth <= Self.growthMax
        return Bench.judge(isMet, "at most 12 commands and 60 µs a job, flat")
    }

    private func measure(
        waiting: Int
    ) async throws -> (commands: Double, microseconds: Double, yardstick: Double) {
        let settings = [
            "DAILY_POST_LIMIT": "0", "INIT_PER_MINUTE": "100000",
            "CREATOR_INFO_PER_MINUTE": "100000", "STATUS_PER_MINUTE": "100000",
        ]
        return try await TestBed.run(settings, hasOwnServers: true) { bed in
            bed.sandbox.changeOptions { $0.requestsPerMinute = [:] }
            let accounts = try await bed.crowd(Self.accounts, daily: 1_000_000)
            let video = try bed.video("small.mp4", bytes: 100_000)
            let job = { @Sendable (number: Int) in
                bed.job(
                    "job-\(number)",
                    account: accounts[number % accounts.count],
                    video: video.name
                )
            }
            try await bed.pushMany(0..<waiting, job)
            try await bed.preferRedis()
            // Without it the last of few jobs would be measured, and not those that are claimed.
            let feeder = Task { try await bed.keepWaiting(waiting, job) }
            let worker = try bed.startWorker()
            // The first jobs load scripts and open connections.
            let warm = try await bed.published(atLeast: 100)
            let yardstick = Task { try await Yardstick(bed: bed).run() }
            _ = try await RedisCost.take(from: bed)
            let before = try await bed.published(atLeast: warm)
            let after = try await bed.published(atLeast: warm + measured)
            let spent = try await RedisCost.take(from: bed)
            let jobs = Double(after - before)
            await worker.kill()
            for task in [yardstick, feeder] {
                task.cancel()
                try await task.value
            }
            guard let each = spent.yardstick else { throw BenchFailure("there is no yardstick") }
            return (Double(spent.sent) / jobs, Double(spent.microseconds) / jobs, each)
        }
    }
}

/// What a worker costs that has nothing to do, alone and with a crowd of waiting jobs.
struct IdleBench {
    private static let commandsMax = 5.0
    private static let shareMax = 0.005
    private static let seconds = 30.0

    func run() async throws -> Bool {
        var isMet = true
        for jobs in [0, 1_000] {
            let (sent, all, share) = try await measure(waiting: jobs)
            print(
                "idle, \(jobs) jobs waiting for their account: \(sent.rounded(to: 2)) commands a "
                    + "second (\(all.rounded(to: 2)) with those inside scripts), "
                    + "\((share * 100).rounded(to: 2)) % of a core"
            )
            isMet = isMet && all < Self.commandsMax && share < Self.shareMax
        }
        return Bench.judge(isMet, "under 5 commands a second and 0.5 % of a core")
    }

    private func measure(
        waiting: Int
    ) async throws -> (sent: Double, all: Double, share: Double) {
        try await TestBed.run(["DAILY_POST_LIMIT": "1"], hasOwnServers: true) { bed in
            let accounts = try await bed.crowd(1, daily: nil)
            let video = try bed.video("small.mp4", bytes: 100_000)
            try await bed.pushMany(0..<waiting) { number in
                bed.job("job-\(number)", account: accounts[0], video: video.name)
            }
            let worker = try bed.startWorker()
            try await waitUntil("every job waits") {
                let rows = try await bed.count("TRUE")
                let busy = try await bed.count(
                    "status IN ('preparing', 'uploading', 'processing')"
                )
                return rows == waiting && busy == 0
            }
            // Connections open and leases end.
            try await Task.sleep(for: .seconds(5))
            _ = try await RedisCost.take(from: bed)
            let before = try Self.processorSeconds(of: worker.pid)
            try await Task.sleep(for: .seconds(Self.seconds))
            let spent = try await RedisCost.take(from: bed)
            let busy = try Self.processorSeconds(of: worker.pid) - before
            await worker.kill()
            return (
                Double(spent.sent) / Self.seconds, Double(spent.all) / Self.seconds,
                busy / Self.seconds
            )
        }
    }

    /// Time on a processor so far, in seconds; `/proc` counts in hundredths.
    private static func processorSeconds(of pid: Int32) throws -> Double {
        let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        // The name, in brackets, may hold spaces.
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12])
        else { throw BenchFailure("/proc/\(pid)/stat cannot be read") }
        return (user + system) / 100
    }
}

extension TestBed {
    /// Lets Redis run before everything else, where this user may say so: its times are taken by
    /// the clock on the wall, and on a busy machine others would run within them.
    fileprivate func preferRedis() async throws {
        guard let pid = await servers.redis.pid else { throw BenchFailure("Redis does not run") }
        if setpriority(0, id_t(pid), -20) != 0 {
            print("Redis cannot be preferred: figures are only good on an idle machine")
        }
    }

    /// Connects accounts named `account-n`.
    func crowd(_ count: Int, daily: Int?) async throws -> [String] {
        let names = (0..<count).map { "account-\($0)" }
        for name in names {
            try await connect(name) { account in
                if let daily { account.postsPerDay = daily }
            }
        }
        return names
    }

    /// Pushes many jobs in few commands.
    func pushMany(_ numbers: Range<Int>, _ job: (Int) -> JSONValue) async throws {
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 2_000) {
            let end = min(start + 2_000, numbers.upperBound)
            try await push(bytes: (start..<end).map { job($0).encoded })
        }
    }

    /// Pushes jobs, numbered from `count` on, so that so many always wait; until it is cancelled.
    fileprivate func keepWaiting(
        _ count: Int,
        _ job: @Sendable (Int) -> JSONValue
    ) async throws {
        var next = count
        try await untilCancelled(pausing: 20...60) {
            let length = try await redis.send(["LLEN", .text(queue)]).integer ?? 0
            let missing = count - Int(length)
            if missing > 0 { try await pushMany(next..<next + missing, job) }
            next += max(0, missing)
        }
    }

    /// How many rows hold a condition.
    func count(_ condition: SQL) async throws -> Int {
        let rows = try await database.query(
            "SELECT count(*) AS count FROM publish_history WHERE " + condition
        )
        return try rows.first?.int("count") ?? 0
    }

    /// Waits until so many jobs are published; answers how many there are then.
    func published(atLeast least: Int) async throws -> Int {
        var count = 0
        try await waitUntil("\(least) published jobs", limit: .seconds(600)) {
            count = try await self.count("status = 'published'")
            return count >= least
        }
        return count
    }
}

extension Double {
    func rounded(to digits: Int) -> Double {
        let scale = pow(10, Double(digits))
        return (self * scale).rounded() / scale
    }
}
