import Foundation
import JSON
import Postgres
import Publishing
import Redis
import Sandbox
import Support

/// Whether a hundred accounts feel ten thousand jobs of another one that were pushed first.
struct CrowdBench {
    private static let crowd = 10_000
    private static let others = 100
    private static let ratioMax = 1.3

    let options: Options

    func run() async throws -> Bool {
        var (alone, crowded): ([Double], [Double]) = ([], [])
        for round in 1...options.rounds {
            alone.append(try await measure(crowd: 0))
            crowded.append(try await measure(crowd: Self.crowd))
            print(
                "round \(round): \(Self.others) jobs alone \(alone[round - 1].rounded(to: 2)) s, "
                    + "behind \(Self.crowd) of one account \(crowded[round - 1].rounded(to: 2)) s"
            )
        }
        guard let without = alone.median, let with = crowded.median else { return false }
        let ratio = with / without
        print("ratio of the medians: \(ratio.rounded(to: 2))")
        return Bench.judge(ratio < Self.ratioMax, "below \(Self.ratioMax)")
    }

    /// From the push of the hundred until all of them are published, in seconds.
    private func measure(crowd: Int) async throws -> Double {
        try await TestBed.run(hasOwnServers: true) { bed in
            let accounts = try await bed.crowd(Self.others, daily: nil)
            try await bed.connect("crowd")
            try SparseFile.make(bed.media + "/video.mp4", bytes: options.bytes)
            let worker = try bed.startWorker(environment: ["LOG_LEVEL": "warning"])
            try await waitUntil("the worker stands by", state: { worker.err }) {
                let workers = try await bed.redis.send(["ZCARD", .text(bed.key("workers"))])
                return workers.integer == 1
            }
            try await bed.pushMany(0..<crowd) { number in
                bed.job("crowd-\(number)", account: "crowd", video: "video.mp4")
            }
            let pushed = ContinuousClock.now
            try await bed.pushMany(0..<Self.others) { number in
                bed.job("other-\(number)", account: accounts[number], video: "video.mp4")
            }
            try await waitUntil("the hundred", limit: .seconds(600), state: { worker.err }) {
                try await bed.count("status = 'published' AND account <> 'crowd'") == Self.others
            }
            let seconds = pushed.duration(to: .now).inSeconds
            await worker.kill()
            return seconds
        }
    }
}

/// How long the jobs of killed workers wait for another.
struct TakeoverBench {
    private static let kills = 20
    private static let lease = 15.0
    private static let patience = lease + 6

    func run() async throws -> Bool {
        let waits = try await TestBed.run { bed in try await measure(bed) }
        let longest = waits.max() ?? .infinity
        print(
            "\(waits.count) workers killed: their jobs went on elsewhere after "
                + "\((waits.min() ?? 0).rounded(to: 1)) to \(longest.rounded(to: 1)) s, median "
                + "\((waits.median ?? 0).rounded(to: 1)) s (lease \(Self.lease) s)"
        )
        let isMet = waits.count == Self.kills && longest < Self.patience
        return Bench.judge(isMet, "below lease + 6 s")
    }

    /// Each victim holds one job in mid-upload when it dies.
    private func measure(_ bed: TestBed) async throws -> [Double] {
        let accounts = try await bed.crowd(Self.kills, daily: nil)
        let video = try bed.video("held.mp4", bytes: 200_000)
        bed.sandbox.fault(.upload, .hangBefore, count: Self.kills)
        var victims: [RunningProgram] = []
        for (number, account) in accounts.enumerated() {
            victims.append(
                try bed.startWorker("victim-\(number)", environment: ["CONCURRENCY": "1"])
            )
            try await bed.push(bed.job("job-\(number)", account: account, video: video.name))
        }
        try await bed.hits(of: .upload, Self.kills)
        let heir = try bed.startWorker("heir")
        let jobs = (0..<Self.kills).map { "job-\($0)" }
        var holders: [String: String] = [:]
        for job in jobs { holders[try await bed.reader.events(of: job).last?.worker ?? ""] = job }
        var killed: [String: Date] = [:]
        for (number, victim) in victims.enumerated() {
            // Spread over a lease, so that the beats are met at every moment.
            try await Task.sleep(for: .seconds(Self.lease / Double(Self.kills)))
            await victim.kill()
            if let job = holders["victim-\(number)"] { killed[job] = .now }
        }
        var waits: [Double] = []
        for row in try await bed.ends(of: jobs, limit: .seconds(120), worker: heir) {
            let events = try await bed.reader.events(of: row.job)
            guard let death = killed[row.job],
                let taken = events.first(where: { $0.worker == "heir" })?.at
            else { continue }
            waits.append(taken.timeIntervalSince(death))
        }
        await heir.kill()
        return waits
    }
}
