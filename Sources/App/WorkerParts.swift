internal import EventLoop
internal import HTTP
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
        let heartbeat: EventLoop
        let heartbeatRedis: RedisClient
        /// `nil`: Celery's results are where the queue is.
        let results: RedisClient?
        let celery: CeleryTools

        func close() async {
            await http.close()
            await results?.close()
            await celery.close()
            await heartbeatRedis.close()
            for waiter in waiters.values { await waiter.close() }
            heartbeat.stop()
        }
    }
}
