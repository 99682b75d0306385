import Foundation
import PrivateServers
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// What only Redis can do to a worker: be full, forget scripts, fail over, come back with older
/// data, stay away for longer than a lease.
@Suite(.timeLimit(.minutes(10)))
struct OutagesRedisTests {
    static let chunk = 5_242_880

    @Test func `jobs are published and settled while Redis is full`() async throws {
        let settings = ["CHUNK_BYTES": "\(Self.chunk)", "CONCURRENCY": "4"]
        try await TestBed.run(settings, hasOwnServers: true) { bed in
            // Four jobs are in hand, and three wait in the list.
            let scene = try await OutageScene(bed)
            try await scene.pushLate()
            await bed.servers.redis.tell("CONFIG SET maxmemory 1mb")
            let refused = await #expect(throws: RedisError.self) { try await scene.pushLate() }
            #expect(refused?.isOutOfMemory == true)

            for row in try await bed.ends(
                of: OutageScene.early + OutageScene.late,
                worker: scene.worker
            ) {
                #expect(row.status == .published)
            }
            try await waitUntil("every job is settled", state: { scene.worker.err }) {
                try await bed.redis.send(["ZCARD", .text(bed.key("leases"))]).integer == 0
            }
            await bed.servers.redis.tell("CONFIG SET maxmemory 0")

            try await scene.expectAllUnharmed()
            #expect(scene.worker.lines(with: "server.away").isEmpty)
            try await bed.expectDrains(scene.worker)
        }
    }

    @Test func `scripts that Redis forgets are loaded again`() async throws {
        try await TestBed.run(["CHUNK_BYTES": "\(Self.chunk)"], hasOwnServers: true) { bed in
            let scene = try await OutageScene(bed)
            try await scene.pushLate()

            let jobs = OutageScene.early + OutageScene.late
            try await waitUntil("the ends", state: { scene.worker.err }) {
                _ = try await bed.redis.send(["SCRIPT", "FLUSH"])
                return try await bed.reader.rows(of: jobs).count(where: \.status.isFinal)
                    == jobs.count
            }

            try await scene.expectAllUnharmed()
            #expect(scene.worker.lines(with: "server.away").isEmpty)
            try await bed.expectDrains(scene.worker)
        }
    }

    @Test func `jobs outlive a Redis that is away for longer than their leases`() async throws {
        let settings = ["CHUNK_BYTES": "\(Self.chunk)", "LEASE_SECONDS": "3"]
        try await TestBed.run(settings, hasOwnServers: true) { bed in
            let scene = try await OutageScene(bed)

            await bed.servers.redis.kill()
            try await waitUntil("every job is given up", state: { scene.worker.err }) {
                scene.worker.lines(with: "job.left").count == OutageScene.early.count
            }
            try await bed.servers.redis.restart()
            try await scene.pushLate()

            try await scene.expectAllUnharmed()
            try await scene.worker.expectOneOutage(of: "redis")
            try await bed.expectDrains(scene.worker)
        }
    }

    /// A job that kills its workers is given up after four; here nothing but Redis dies.
    @Test(
        .enabled("LONG_TESTS is not set") { OutagesServersTests.isLong }
    )
    func `a job that lives through many outages is not taken for one that kills its workers`()
        async throws
    {
        let settings = ["CHUNK_BYTES": "\(Self.chunk)", "LEASE_SECONDS": "3"]
        try await TestBed.run(settings, hasOwnServers: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("two.mp4", bytes: 2 * Self.chunk + 1000)
            bed.sandbox.fault(.upload, .hangBefore, count: 5)
            let worker = try bed.startWorker()
            try await bed.push(bed.job("patient", account: "mira", video: video.name))
            for outage in 1...5 {
                try await bed.hits(of: .upload, outage, worker: worker)
                await bed.servers.redis.kill()
                try await waitUntil("the job is given up", state: { worker.err }) {
                    worker.lines(with: "job.left").count == outage
                }
                try await bed.servers.redis.restart()
            }

            let row = try await bed.end(of: "patient", worker: worker)

            bed.expectPosted(row, video)
            try await bed.expectUnharmed(row)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a failover by Sentinel is an outage like any other`() async throws {
        try await TestBed.run(["CHUNK_BYTES": "\(Self.chunk)"], hasOwnServers: true) { bed in
            let master = bed.servers.redis
            let url = try await Self.watch(master, bed)
            try TestBed.write(
                bed.settings.merging(["REDIS_URL": url]) { $1 },
                to: bed.folder + "/.env"
            )
            let timeouts = RedisTimeouts(command: .seconds(60))
            try await withRedisClient(url, timeouts: timeouts) { upstream in
                let scene = try await OutageScene(bed, upstream: upstream)
                // What the replica has not got when its master dies is lost.
                _ = try await upstream.send(["SET", "last", "word"])
                #expect(try await upstream.send(["WAIT", 1, 30_000]).integer == 1)
                await master.kill()
                try await scene.worker.awaitAway("redis")
                try await waitUntil("the new master") {
                    do throws(RedisError) {
                        return try await !upstream.send(["ROLE"]).isNull
                    } catch {
                        return false
                    }
                }
                try await scene.pushLate()

                try await scene.expectAllUnharmed()
                try await scene.worker.expectOneOutage(of: "redis")
                try await bed.expectDrains(scene.worker)
            }
        }
    }

    /// Gives a master a replica and a sentinel.
    ///
    /// - Returns: the address for clients.
    private static func watch(_ master: RedisServer, _ bed: TestBed) async throws -> String {
        _ = try await master.startOnlineReplica(in: bed.servers.folder, seenBy: bed.redis)
        let sentinel = try await RedisSentinel.start(watching: master, in: bed.servers.folder)
        try await sentinel.awaitReplica()
        return sentinel.url(of: master)
    }

    @Test func `Redis with older data makes no job be posted again`() async throws {
        try await TestBed.run(["CHUNK_BYTES": "\(Self.chunk)"], hasOwnServers: true) { bed in
            let redis = bed.servers.redis
            let jobs = (0..<4).map { "before-\($0)" }
            for job in jobs + ["midway", "afterwards"] { try await bed.connect(job) }
            let video = try bed.video("two.mp4", bytes: 2 * Self.chunk + 1000)
            for job in jobs + ["midway"] {
                try await bed.push(bed.job(job, account: job, video: video.name))
            }
            // No job has been claimed yet.
            #expect(try await bed.lastFence() == 0)
            await redis.stop()
            try redis.keepData()
            try await redis.restart()
            let openID = try await bed.accounts.find("midway")?.openID
            bed.sandbox.fault(.upload, .hangBefore, openID: openID, skip: 1)
            let worker = try bed.startWorker()
            _ = try await bed.ends(of: jobs, worker: worker)
            try await bed.hits(of: .upload, worker: worker)
            let fence = try await bed.lastFence()
            #expect(fence > 0)

            await redis.kill()
            try redis.putBackData()
            try await redis.restart()
            try await bed.push(bed.job("afterwards", account: "afterwards", video: video.name))

            let all = jobs + ["midway", "afterwards"]
            for row in try await bed.ends(of: all, worker: worker) {
                bed.expectPosted(row, video)
                #expect(row.attempt == 1)
            }
            try await waitUntil("every claim is settled", state: { worker.err }) {
                try await bed.redis.send(["ZCARD", .text(bed.key("leases"))]).integer == 0
            }
            #expect(try await bed.lastFence() > fence)
            try await worker.expectOneOutage(of: "redis")
            try await bed.expectDrains(worker)
        }
    }

    // MARK: Redis that may lose jobs

    @Test func `a Redis that may lose jobs is warned of, with the remedy`() async throws {
        try await TestBed.run { bed in
            let folder = try TemporaryFolder()
            let careless = try await RedisServer.start(
                in: folder,
                configuration: ["appendonly no", "maxmemory-policy allkeys-lru"]
            )
            let settings = ["REDIS_URL": careless.url]
            let doctor = try await bed.run("doctor", environment: settings)
            let worker = try bed.startWorker(environment: settings)

            for (subject, remedy) in [
                ("redis aof", "appendonly yes"), ("redis memory", "maxmemory-policy noeviction"),
            ] {
                #expect(
                    doctor.out.split(separator: "\n").contains {
                        $0.hasPrefix("warning \(subject)") && $0.contains(remedy)
                    },
                    "\(doctor)"
                )
                try await waitUntil("a warning: \(remedy)", state: { worker.err }) {
                    worker.lines(with: "WARNING", "redis.risk", remedy).count == 1
                }
            }

            #expect(doctor.code == 0, "\(doctor)")
            try await bed.expectDrains(worker)
            try await folder.remove()
        }
    }
}
