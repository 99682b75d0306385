internal import JSON
internal import Synchronization

/// The rates of tasks that Celery's remote control has asked this worker for; a restart forgets
/// them, as it does with Celery's workers.
package final class TaskRates: Sendable {
    /// By the task's name.
    private let limits = Mutex<[String: Limit]>([:])

    private struct Limit {
        let rate: TaskRate
        var bucket: RateBucket
    }

    /// Whether a task may begin as far as the rate of its name goes.
    enum Permit: Sendable {
        case unlimited
        case token(RateBucket.Token)
        /// Not now.
        case over

        var isOver: Bool {
            if case .over = self { true } else { false }
        }
    }

    /// How long a job waits at most until it looks again, in milliseconds.
    ///
    /// Its rate may be another by then, or have gone with its worker. Spread, so that not all of
    /// them look at once.
    private static let pauses: ClosedRange<Int64> = 300_000...600_000

    package init() {}

    /// - Parameter rate: `nil`: no limit any more.
    func set(_ rate: TaskRate?, for task: String) {
        limits.withLock { limits in
            limits[task] = rate.map { Limit(rate: $0, bucket: RateBucket(interval: $0.interval)) }
        }
    }

    /// As it was asked for; `nil`: there is no limit.
    func text(for task: String) -> String? {
        limits.withLock { $0[task]?.rate.text }
    }

    func ask(for task: CeleryMessage, hasWaited: Bool) -> Permit {
        limits.withLock { limits in
            guard limits[task.task] != nil else { return .unlimited }
            let token = limits[task.task]?.bucket.take(hasWaited: hasWaited, at: .now)
            return token.map { .token($0) } ?? .over
        }
    }

    /// The task does not begin after all.
    func giveBack(_ permit: Permit, of task: CeleryMessage) {
        guard case .token(let token) = permit else { return }
        limits.withLock { $0[task.task]?.bucket.giveBack(token) }
    }

    /// When it is the task's turn.
    func wait(of task: CeleryMessage, hasWaited: Bool) -> Duration {
        let most = Duration.milliseconds(Int64.random(in: Self.pauses))
        let wait = limits.withLock { limits in
            limits[task.task]?.bucket.promise(hasWaited: hasWaited, at: .now, atMost: most)
        }
        // Somebody has lifted the limit in this moment.
        return wait ?? .milliseconds(20)
    }
}
