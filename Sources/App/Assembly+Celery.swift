internal import Publishing
internal import Redis

/// What serves Celery's clients.
extension Assembly {
    /// - Parameter results: `nil`: results are where the queue is.
    func makeTaskReporter(
        _ results: RedisClient?,
        _ celery: CeleryTools,
        _ history: History
    ) -> TaskReporter {
        TaskReporter(
            names: settings.celery.tasks,
            routes: settings.celery.routes,
            tracksStarted: settings.celery.tracksStarted,
            rates: celery.rates,
            results: ResultStore(
                redis: results ?? redis,
                keptFor: settings.celery.resultLifetime,
                isBroker: results == nil
            ),
            queue: queue,
            history: history,
            node: celery.node.name,
            observers: [celery.monitor],
            log: log
        )
    }
}
