internal import Postgres
internal import Redis
internal import Synchronization
internal import Telemetry

/// What keeps webhooks from being followed and does not pass by itself: told to the operator, and
/// no more often than helps.
final class WebhookFaults: Sendable {
    private let log: Log
    private let stop = Mutex(Outage("webhooks"))
    private let told = RareNotices()

    private static let remedy: LogValue = """
        mend what PostgreSQL or Redis refuses, such as missing rights, triggers, or a schema that \
        was changed by hand; notes are tried again for 3 days
        """

    init(_ log: Log) {
        self.log = log
    }

    /// - Returns: `nil` when a server is away, or its trouble passes.
    static func fault(in error: any Error) -> LogValue? {
        switch error {
        case HistoryError.refused(let cause): return .error(cause)
        case let error as PostgresError:
            guard case .refused(let cause) = HistoryError(error) else { return nil }
            return .error(cause)
        case let error as RedisError: return error.isUnavailable ? nil : .error(error)
        default: return nil
        }
    }

    /// Nothing can be followed; told once, until something can.
    func stops(_ fault: LogValue) {
        guard case .began = stop.withLock({ $0.note("refused") }) else { return }
        log.error("webhook.stuck", ["error": fault, "remedy": Self.remedy])
    }

    /// A round went well.
    func rest() {
        guard case .ended(let after) = stop.withLock({ $0.note(nil) }) else { return }
        log.info("webhook.unstuck", ["after": .duration(after)])
    }

    /// One note cannot be followed.
    func meets(_ fault: LogValue, _ note: History.OpenNote) {
        guard let count = told.count("note") else { return }
        log.error(
            "webhook.unfollowed",
            [
                "tiktok_event": .string(note.event), "count": .integer(count), "error": fault,
                "remedy": Self.remedy,
            ]
        )
    }

    func givesUp(_ note: History.OpenNote) {
        guard let count = told.count("given up") else { return }
        log.error(
            "webhook.given_up",
            [
                "tiktok_event": .string(note.event), "count": .integer(count),
                "detail": "it could not be followed for 3 days",
            ]
        )
    }
}
