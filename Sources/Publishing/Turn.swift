internal import FoundationEssentials
internal import HTTP
internal import JSON
internal import Postgres
internal import Synchronization
internal import TikTok

/// One worker's turn with one admitted job: what every step needs to know and to ask.
package struct Turn: Sendable {
    let job: PublishJob
    let claim: Claim
    let lease: Lease
    let drain: Drain
    /// The history row to write to.
    let entry: History.Entry
    let held: HeldToken
    let standing: Standing
    let pacer: Pacer
    let tasks: TaskReporter

    /// Tells the caller of a Celery task how far the upload is.
    func progressed(to bytes: Int64, of size: Int64) async {
        guard let task = job.task else { return }
        let meta: JSONValue = [
            "status": .string(Status.uploading.rawValue), "uploaded_bytes": .integer(bytes),
            "media_bytes": .integer(size),
        ]
        await tasks.note(.progressed(meta, begun: true), of: task, claim)
    }

    /// The account's access token, as it is now.
    var token: AccessToken { held.current }

    /// Throws when the job is no longer ours.
    ///
    /// Stands before every call that cannot be taken back. A drain cuts off what runs too long;
    /// such a job is ours still, and is handed back.
    func checkHeld() throws(Stop) {
        guard lease.isHeld else { throw .lost }
        guard !Task.isCancelled else { throw drain.isDraining ? .draining : .lost }
    }

    /// Throws also when the worker is stopping or the job was cancelled: stands where a step can be
    /// left without loss.
    func checkGoingOn() throws(Stop) {
        try checkHeld()
        guard !lease.isCancelAsked || standing.verdictDeadline != nil else { throw .cancelled }
        guard !drain.isDraining else { throw .draining }
    }

    /// Throws also when the time for the post to begin is over: stands right before each init,
    /// for looking at media may have taken long since the queue was asked.
    func checkMayBegin() throws(Stop) {
        try checkGoingOn()
        if let end = job.expiresAt, end <= .now { throw .expired }
    }

    /// For what a worker that has lost the job must not send: also one that was stopped after it
    /// had looked, and before the request was written.
    func whileHeld(_ api: TikTokAPI) -> TikTokAPI {
        api.only { [lease] in lease.isHeld }
    }

    /// Calls TikTok once the account's limits allow it.
    ///
    /// A call that failed because the job was lost is no fault of TikTok's; one whose token was
    /// refused is made again with another token.
    func asking<Answer: Sendable>(
        _ endpoint: Endpoint,
        _ call: () async throws(TikTokError) -> Answer
    ) async throws(Stop) -> Answer {
        var repeats = 1
        while true {
            try await pacer.pass(endpoint)
            try endpoint == job.initEndpoint ? checkMayBegin() : checkHeld()
            let used = token
            do {
                return try await call()
            } catch {
                try checkHeld()
                if try await held.replace(used, after: error) { continue }
                // A kept connection may have died in our hands: that is worth one more call.
                guard repeats > 0, case .transport(_, .connectionLost) = error else {
                    throw .tiktok(error)
                }
                repeats -= 1
            }
        }
    }

    /// Takes a step that may be long and can be left without loss: ends it as soon as the turn must
    /// not go on.
    func whileGoingOn<Value: Sendable>(
        _ step: @escaping @Sendable () async throws(Stop) -> Value
    ) async throws(Stop) -> Value {
        try checkGoingOn()
        let result = await withTaskGroup(of: Result<Value, Stop>?.self) { group in
            group.addTask { await Self.result(of: step) }
            group.addTask {
                // Flags, read now and then: nobody is told of them.
                while (try? checkGoingOn()) != nil { await pause(.milliseconds(200)) }
                return nil
            }
            var result: Result<Value, Stop>?
            while let end = await group.next() {
                group.cancelAll()
                result = result ?? end
            }
            return result
        }
        switch result {
        case .success(let value)?: return value
        case .failure(let stop)?:
            // A step that was cut off knows nothing of why.
            if case .lost = stop { try checkGoingOn() }
            throw stop
        // The step always has a result.
        case nil: throw .lost
        }
    }

    private static func result<Value>(
        of step: () async throws(Stop) -> Value
    ) async -> Result<Value, Stop> {
        do throws(Stop) {
            return .success(try await step())
        } catch {
            return .failure(error)
        }
    }

    /// Writes to the history, for as long as it takes while the job is ours: nothing goes on that
    /// is not recorded.
    ///
    /// - Parameter evenDraining: for what nobody else can learn: a drain does not cut it short
    ///   before its time is up.
    func recording(
        evenDraining: Bool = false,
        _ write: () async throws(HistoryError) -> Void
    ) async throws(Stop) {
        while true {
            do {
                return try await write()
            } catch {
                switch error {
                case .stale: throw .lost
                case .refused(let cause): throw .failed(.historyRefused(cause.description))
                case .away: try evenDraining ? checkHeld() : checkGoingOn()
                }
            }
            await pause(.milliseconds(Int64.random(in: 300..<900)))
        }
    }

    /// Waits a moment; ends early when the job is lost.
    func pause(_ duration: Duration) async {
        // Only cancellation throws, and every caller asks for it next.
        try? await Task.sleep(for: duration)
    }
}

/// Tells every running step that the worker is stopping.
package final class Drain: Sendable {
    private let flag = Atomic(false)
    private let over = Atomic(false)

    package init() {}

    package var isDraining: Bool { flag.load(ordering: .acquiring) }

    package func begin() { flag.store(true, ordering: .releasing) }

    /// Whether time is up: what is not recorded now is left to whoever takes the job over.
    package var isOver: Bool { over.load(ordering: .acquiring) }

    package func end() { over.store(true, ordering: .releasing) }
}
