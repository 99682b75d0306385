internal import Foundation
internal import Synchronization

/// Stands between a program and a server on this machine, and does what networks do.
///
/// It knows where a request and where an answer ends, and lets one request of a connection through
/// at a time: so what goes wrong goes wrong at exactly one of them.
package final class FaultProxy: Sendable {
    package enum Language: Sendable {
        case redis, postgres
    }

    private struct State {
        var isStopped = false
        var requestCount = 0
        var connectionCount = 0
        var connections: [Int: FaultProxyRelay.Ends] = [:]
        var faults: [ProxyFault] = []
    }

    /// Where it listens, on 127.0.0.1.
    package let port: UInt16
    private let target: UInt16
    private let language: Language
    private let latency: Duration
    private let listener: CInt
    private let state = Mutex(State())

    /// Starts one in front of a port; every answer is late by `latency`.
    package init(
        to target: UInt16,
        speaking language: Language,
        latency: Duration = .zero
    ) throws {
        (listener, port) = try FaultProxySocket.listen()
        self.target = target
        self.language = language
        self.latency = latency
        Thread.detachNewThread { self.acceptAll() }
    }

    /// Requests that came so far; each step of a login counts as one.
    package var requestCount: Int { state.withLock(\.requestCount) }

    /// Plans that something goes wrong once: with the request, or the answer, that comes after
    /// `skip` others of its kind.
    package func plan(
        _ action: ProxyFault.Action,
        skip: Int = 0,
        when concerns: @escaping @Sendable (ProxiedExchange) -> Bool
    ) -> ProxyFault {
        let fault = ProxyFault(action, skip: skip, when: concerns)
        state.withLock { $0.faults.append(fault) }
        return fault
    }

    /// Ends every connection; nothing is held back any more.
    package func stop() {
        let faults = state.withLock { state in
            state.isStopped = true
            for ends in state.connections.values { ends.shutDown() }
            return state.faults
        }
        for fault in faults { fault.release(dropped: true) }
        FaultProxyRelay.shutDown(listener)
    }

    // MARK: For the connections

    private func acceptAll() {
        while let client = FaultProxySocket.accept(listener) {
            guard let server = FaultProxySocket.connect(to: target) else {
                FaultProxySocket.reset(client)
                continue
            }
            let ends = FaultProxyRelay.Ends(client: client, server: server)
            guard let number = register(ends) else {
                ends.reset()
                break
            }
            Thread.detachNewThread { self.relay(ends, number) }
        }
        FaultProxySocket.reset(listener)
    }

    private func register(_ ends: FaultProxyRelay.Ends) -> Int? {
        state.withLock { state in
            guard !state.isStopped else { return nil }
            state.connectionCount += 1
            state.connections[state.connectionCount] = ends
            return state.connectionCount
        }
    }

    private func relay(_ ends: FaultProxyRelay.Ends, _ number: Int) {
        let speech: any FaultProxySpeech =
            switch language {
            case .redis: RedisSpeech()
            case .postgres: PostgresSpeech()
            }
        var relay = FaultProxyRelay(self, ends, speech, latency: latency)
        relay.run()
        // Under the lock, so that nobody shuts down a number that is another socket's by then.
        state.withLock { state in
            state.connections[number] = nil
            ends.reset()
        }
    }

    func count() -> Int {
        state.withLock { state in
            state.requestCount += 1
            return state.requestCount
        }
    }

    func fault(for exchange: ProxiedExchange) -> ProxyFault? {
        state.withLock(\.faults).first { $0.strikes(exchange) }
    }
}
