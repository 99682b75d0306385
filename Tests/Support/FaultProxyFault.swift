internal import Dispatch
internal import Foundation
internal import Synchronization

/// One request of a client, with its answer as soon as there is one.
package struct ProxiedExchange: Sendable {
    /// Counts every request that came through the proxy, from 1.
    package let number: Int
    package let request: [UInt8]
    package internal(set) var answer: [UInt8]?

    /// Whether these words stand in the request.
    package func asks(_ words: String) -> Bool { request.contains(words) }

    /// Whether these words stand in the answer.
    package func answers(_ words: String) -> Bool { answer?.contains(words) ?? false }

    /// The beginning of the request, for people.
    package var summary: String {
        let printable = request.prefix(1200).map { 32...126 ~= $0 ? $0 : UInt8(ascii: " ") }
        let words = String(decoding: printable, as: UTF8.self).split(separator: " ")
        return "request \(number): " + String(words.joined(separator: " ").prefix(160))
    }
}

/// Something that goes wrong on the way, once.
package final class ProxyFault: Sendable {
    package enum Action: Sendable, Equatable {
        /// Reset before the server gets the request.
        case cutBefore
        /// Reset when the server has answered; the answer is lost.
        case cutAfter
        /// Reset within the answer.
        case tearAnswer(afterBytes: Int)
        /// Stands still until `release`, and the server has not got the request.
        case holdRequest
        /// Stands still until `release`, and the client has not got the answer.
        case holdAnswer
        /// The server does not get the request; the connection stays open and dead.
        case goSilent

        var concernsAnswer: Bool {
            switch self {
            case .cutAfter, .tearAnswer, .holdAnswer: true
            case .cutBefore, .holdRequest, .goSilent: false
            }
        }
    }

    private struct State {
        var seen = 0
        var hit: ProxiedExchange?
        var isDropped = false
    }

    let action: Action
    private let skip: Int
    private let concerns: @Sendable (ProxiedExchange) -> Bool
    private let state = Mutex(State())
    private let gate = DispatchSemaphore(value: 0)

    init(
        _ action: Action,
        skip: Int,
        when concerns: @escaping @Sendable (ProxiedExchange) -> Bool
    ) {
        self.action = action
        self.skip = skip
        self.concerns = concerns
    }

    /// The exchange it befell; of one that was held back, with its answer once that has come.
    package var hit: ProxiedExchange? { state.withLock(\.hit) }

    /// Waits until it has happened.
    package func happens(
        limit: Duration = .seconds(90),
        state: () async -> String = { "" }
    ) async throws {
        try await waitUntil("\(action) on the way to a server", limit: limit, state: state) {
            hit != nil
        }
    }

    /// Lets go what was held back: on its way as if nothing had been, or lost.
    package func release(dropped: Bool = false) {
        state.withLock { $0.isDropped = dropped }
        gate.signal()
    }

    /// Whether it happens now.
    func strikes(_ exchange: ProxiedExchange) -> Bool {
        guard action.concernsAnswer == (exchange.answer != nil), concerns(exchange) else {
            return false
        }
        return state.withLock { state in
            state.seen += 1
            guard state.hit == nil, state.seen > skip else { return false }
            state.hit = exchange
            return true
        }
    }

    /// Blocks the connection's thread until `release`.
    ///
    /// - Returns: whether what was held back goes on.
    func stand() -> Bool {
        gate.wait()
        return state.withLock { !$0.isDropped }
    }

    func note(answer: [UInt8]) {
        state.withLock { $0.hit?.answer = answer }
    }
}

extension [UInt8] {
    fileprivate func contains(_ words: String) -> Bool {
        Data(self).range(of: Data(words.utf8)) != nil
    }
}
