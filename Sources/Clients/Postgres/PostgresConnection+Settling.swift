internal import CPostgres
internal import EventLoop

/// An exchange whose answer is awaited.
struct RunningExchange {
    typealias Outcome = Result<[PostgresResult], PostgresError>

    let number: UInt64
    let answer: Wait<Outcome>
    var collector: AnswerCollector
    var timer: LoopTimer
    /// Why the server was asked to cancel it.
    var abandoned: PostgresError?
    /// Whether the thread that asks the server to cancel has not come back yet.
    var isCancelOnItsWay = false
    /// The answer, held back while `isCancelOnItsWay`: the request could hit the next exchange.
    var outcome: Outcome?

    /// Whether the server confirmed that it cancelled.
    var isCancelled: Bool {
        guard abandoned != nil, case .failure(let error) = outcome else { return false }
        return error.sqlState == "57014"
    }

    /// What the caller is told when the connection ends before the whole answer is there: the
    /// server's own last error says more than the end of the connection.
    func failure(because reason: PostgresError) -> PostgresError {
        guard case .connectionLost = reason else { return reason }
        if case .failure(let error) = collector.outcome { return error }
        return abandoned == .cancelled ? .cancelled : reason
    }
}

/// How an exchange comes to its end, by itself or cancelled.
extension PostgresConnection {
    /// The whole answer is there.
    func settle() {
        guard var current = running else { return }
        current.outcome = current.outcome ?? current.collector.outcome
        running = current
        if !current.isCancelOnItsWay { answer(current) }
    }

    private func answer(_ current: RunningExchange) {
        running = nil
        loop.cancel(current.timer)
        let outcome = current.outcome ?? current.collector.outcome
        guard let abandoned = current.abandoned else {
            return current.answer.end(outcome)
        }
        current.answer.end(current.isCancelled ? .failure(abandoned) : outcome)
        // Otherwise the answer was faster than the request to cancel, which may still strike.
        if !current.isCancelled || current.isCancelOnItsWay { end(because: abandoned) }
    }

    /// Asks the server to cancel an exchange, which then has `timeouts.cancel` to end.
    func abandon(_ number: UInt64, because reason: PostgresError) {
        guard var current = running, current.number == number, current.abandoned == nil else {
            return
        }
        loop.cancel(current.timer)
        current.timer = loop.schedule(after: timeouts.cancel) { [weak self] in
            self?.assumeIsolated { $0.giveUp(number) }
        }
        current.abandoned = reason
        running = current
        requestCancel(number)
    }

    private func requestCancel(_ number: UInt64) {
        guard let handle, let current = running, current.number == number, current.outcome == nil
        else { return }
        running?.isCancelOnItsWay = CancelRequest.send(for: handle) { [weak self] in
            await self?.cancelHasArrived(number)
        }
    }

    /// A request that came before the server had begun the statement had no effect, so another
    /// follows until there is an answer.
    private func cancelHasArrived(_ number: UInt64) {
        guard let current = running, current.number == number else { return }
        running?.isCancelOnItsWay = false
        guard current.outcome == nil else { return settle() }
        loop.schedule(after: .milliseconds(100)) { [weak self] in
            self?.assumeIsolated { $0.requestCancel(number) }
        }
    }

    /// The server did not confirm in time.
    private func giveUp(_ number: UInt64) {
        guard let current = running, current.number == number else { return }
        if current.outcome != nil {
            answer(current)
        } else if current.abandoned == .cancelled {
            end(because: .cancelled)
        } else {
            end(because: .connectionLost(reason: "no answer to a statement, nor to its cancelling"))
        }
    }
}
