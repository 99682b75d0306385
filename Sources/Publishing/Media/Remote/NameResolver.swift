internal import Files
package import HTTP
internal import Synchronization

/// Asks the system's resolver on threads of its own, and waits for it no longer than a deadline.
///
/// A question that nobody answers keeps its thread until the system gives up. About one host there
/// is one question at a time, which others join, so that a name without an answer costs one thread;
/// when every thread has such a name, others are told at once that nobody can ask for them now.
package final class NameResolver: HostResolver {
    package typealias LookUp = @Sendable (String) throws -> [[UInt8]]

    private typealias Answer = Result<[[UInt8]], HostResolverError>
    private typealias Waiter = CheckedContinuation<Answer, Never>

    private struct State {
        var lastNumber = 0
        /// Who waits for the question about each host; nobody, where all have given up.
        var questions: [String: [Int: Waiter]] = [:]
    }

    private let threads: BlockingThreads
    private let count: Int
    private let limit: Duration
    private let lookUp: LookUp
    private let state = Mutex(State())

    package convenience init(limit: Duration = .seconds(10)) {
        self.init(limit: limit) { try SystemResolver.addresses(of: $0) }
    }

    /// - Parameters:
    ///   - limit: how long one caller waits.
    ///   - count: of threads, and so of hosts that are asked about at once.
    init(limit: Duration, count: Int = 8, lookUp: @escaping LookUp) {
        threads = BlockingThreads(name: "resolver", count: count)
        self.count = count
        self.limit = limit
        self.lookUp = lookUp
    }

    package func addresses(of host: String) async throws(HostResolverError) -> [[UInt8]] {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let alarm = Task { [limit] in
            // Cancelled: the answer is there.
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            leave(number, host, .unanswered("no answer within \(limit)"))
        }
        defer { alarm.cancel() }
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                enter(continuation, number, host)
                // The handler may have run before there was anybody to find.
                if Task.isCancelled { leave(number, host, .cancelled) }
            }
        } onCancel: {
            leave(number, host, .cancelled)
        }
        return try answer.get()
    }

    /// How a caller comes in.
    private enum Entry {
        case joins, asks, findsNoThread
    }

    private func enter(_ waiter: Waiter, _ number: Int, _ host: String) {
        let entry = state.withLock { state -> Entry in
            let isAsked = state.questions[host] != nil
            guard isAsked || state.questions.count < count else { return .findsNoThread }
            state.questions[host, default: [:]][number] = waiter
            return isAsked ? .joins : .asks
        }
        switch entry {
        case .joins: break
        case .asks: ask(about: host)
        case .findsNoThread: waiter.resume(returning: .failure(.busy))
        }
    }

    /// Of its own, whoever waits: a question that has begun cannot be taken back.
    private func ask(about host: String) {
        Task { [threads, lookUp] in
            let answer: Answer
            do {
                answer = .success(try await threads.run { try lookUp(host) })
            } catch let error as HostResolverError {
                answer = .failure(error)
            } catch {
                answer = .failure(.unanswered("\(error)"))
            }
            let waiters = state.withLock { $0.questions.removeValue(forKey: host) ?? [:] }
            for waiter in waiters.values { waiter.resume(returning: answer) }
        }
    }

    private func leave(_ number: Int, _ host: String, _ why: HostResolverError) {
        let waiter = state.withLock { $0.questions[host]?.removeValue(forKey: number) }
        waiter?.resume(returning: .failure(why))
    }
}
