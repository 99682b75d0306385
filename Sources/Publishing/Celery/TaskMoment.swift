package import JSON

/// One moment in the life of a Celery task, with what is told of it.
package enum TaskMoment: Sendable {
    /// A worker has it for the first time.
    case received
    /// It posts now, for the first time or again.
    case started
    /// It came further, in the form that Python tasks give to `update_state`.
    ///
    /// - Parameter begun: whether it has begun to post.
    case progressed(JSONValue, begun: Bool)
    /// An attempt failed, and another will follow.
    case retried(CeleryException)
    /// The worker's turn is over and the task is not: it goes on by itself.
    case released
    case ended(TaskEnd)
}

/// How a task ended, as its caller sees it.
package enum TaskEnd: Sendable, Equatable {
    /// - Parameter runtime: from the first step of the post to its end.
    case succeeded(JSONValue, runtime: Duration)
    case failed(CeleryException)
    case revoked(Revocation)

    /// Why a task was revoked.
    package enum Revocation: Sendable, Equatable {
        case revoked, expired
        /// After it had begun, by `revoke(terminate=True)`.
        case terminated(signal: Int64)

        /// In Celery's words (celery 5.7.0, worker/request.py `_announce_revoked`, 2026-11-23).
        var word: String {
            switch self {
            case .revoked: "revoked"
            case .expired: "expired"
            case .terminated: "terminated"
            }
        }
    }
}

/// Whoever watches Celery tasks, such as the sender of events.
package protocol TaskObserver: Sendable {
    /// Told of each moment in order; must not wait for anything, for jobs wait for it.
    func saw(_ moment: TaskMoment, of task: CeleryMessage, _ claim: Claim)
}
