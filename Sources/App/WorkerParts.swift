internal import EventLoop
internal import HTTP
internal import JSON
internal import Processes
internal import Publishing
internal import Redis

extension Assembly {
    /// A worker and what only it needs.
    struct WorkerParts: Sendable {
        let worker: Worker
        let waiters: [JobQueue.Place: RedisClient]
        let webhooks: Webhooks
        let health: TikTokHealth
        let http: HTTPClient
        let media: MediaParts
        let heartbeat: EventLoop
        let heartbeatRedis: RedisClient
        /// `nil`: Celery's results are where the queue is.
        let results: RedisClient?
        let celery: CeleryTools

        func close() async {
            await http.close()
            await media.close()
            await results?.close()
            await celery.close()
            await heartbeatRedis.close()
            for waiter in waiters.values { await waiter.close() }
            heartbeat.stop()
        }
    }

    /// A connection for each place where the worker waits for jobs.
    func makeWaiters() -> [JobQueue.Place: RedisClient] {
        let places = settings.queues.flatMap { queue.places(of: $0.name) }
        let waiters = places.map { place in
            (place, RedisClient(settings.redis, on: loop, name: "tiktok-publisher-wait"))
        }
        return Dictionary(uniqueKeysWithValues: waiters)
    }

    func makeDesk() -> Desk {
        Desk(
            worker: settings.workerName,
            facts: [
                "host": .string(Hostname.current),
                "process": .integer(Int64(ProcessIdentity.pid)),
                "concurrency": .integer(Int64(settings.concurrency)),
                "queues": .array(settings.queues.map { .string($0.name) }),
            ]
        )
    }

    func makeWebhooks(_ history: History) -> Webhooks {
        Webhooks(history: history, on: loop, queue: queue, accounts: accounts, log: log)
    }
}
