internal import Foundation
internal import Glibc

/// One connection through a proxy, on a thread of its own.
struct FaultProxyRelay {
    /// The two sockets.
    struct Ends: Sendable {
        let client: CInt
        let server: CInt

        func shutDown() {
            FaultProxyRelay.shutDown(client)
            FaultProxyRelay.shutDown(server)
        }

        func reset() {
            FaultProxySocket.reset(client)
            FaultProxySocket.reset(server)
        }
    }

    private let proxy: FaultProxy
    private let ends: Ends
    private let latency: Duration
    private var speech: any FaultProxySpeech
    private var fromClient: [UInt8] = []
    private var fromServer: [UInt8] = []
    /// What the server has not answered yet.
    private var underWay: ProxiedExchange?
    private var held: ProxyFault?

    init(
        _ proxy: FaultProxy,
        _ ends: Ends,
        _ speech: any FaultProxySpeech,
        latency: Duration
    ) {
        self.proxy = proxy
        self.ends = ends
        self.speech = speech
        self.latency = latency
    }

    static func shutDown(_ socket: CInt) {
        shutdown(socket, CInt(SHUT_RDWR))
    }

    /// Returns when the connection is to be reset.
    mutating func run() {
        while true {
            let ready = FaultProxySocket.waitForEither(ends.client, ends.server)
            var hasEnded = false
            if ready.other {
                let bytes = FaultProxySocket.read(ends.server)
                fromServer += bytes ?? []
                hasEnded = bytes == nil
            }
            if ready.one {
                let bytes = FaultProxySocket.read(ends.client)
                fromClient += bytes ?? []
                hasEnded = hasEnded || bytes == nil
            }
            guard relay() else { return }
            if hasEnded { return leave() }
        }
    }

    /// The server's last words, such as why it ends; then both ends hear of the end.
    private func leave() {
        FaultProxySocket.write(fromServer, to: ends.client)
        ends.shutDown()
    }

    /// Moves what is whole.
    ///
    /// - Returns: `false` when the connection is to be reset.
    private mutating func relay() -> Bool {
        while true {
            if underWay != nil {
                guard let length = speech.answerLength(in: fromServer) else { return true }
                guard answer(take(length, of: &fromServer)) else { return false }
            } else {
                // Words that nobody asked for.
                FaultProxySocket.write(fromServer, to: ends.client)
                fromServer = []
                guard let length = speech.requestLength(in: fromClient) else { return true }
                guard ask(take(length, of: &fromClient)) else { return false }
            }
        }
    }

    private mutating func ask(_ request: [UInt8]) -> Bool {
        let exchange = ProxiedExchange(number: proxy.count(), request: request)
        if let fault = proxy.fault(for: exchange) {
            switch fault.action {
            case .holdRequest:
                guard fault.stand() else { return false }
                held = fault
            case .goSilent:
                while FaultProxySocket.read(ends.client) != nil {}
                return false
            default: return false
            }
        }
        FaultProxySocket.write(request, to: ends.server)
        underWay = exchange
        return true
    }

    private mutating func answer(_ answer: [UInt8]) -> Bool {
        guard var exchange = underWay else { return false }
        underWay = nil
        exchange.answer = answer
        held?.note(answer: answer)
        held = nil
        var bytes = answer[...]
        if let fault = proxy.fault(for: exchange) {
            switch fault.action {
            case .holdAnswer:
                guard fault.stand() else { return false }
            case .tearAnswer(let count):
                bytes = bytes.prefix(count)
            default: return false
            }
            if case .tearAnswer = fault.action {
                FaultProxySocket.write(bytes, to: ends.client)
                return false
            }
        }
        if latency > .zero { Thread.sleep(forTimeInterval: latency / .seconds(1)) }
        FaultProxySocket.write(bytes, to: ends.client)
        return true
    }

    private func take(_ count: Int, of bytes: inout [UInt8]) -> [UInt8] {
        defer { bytes.removeFirst(count) }
        return Array(bytes.prefix(count))
    }
}
