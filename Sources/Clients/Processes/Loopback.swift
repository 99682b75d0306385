internal import Glibc

/// TCP on this machine, for starting servers on it.
package enum Loopback {
    /// Where `freePort` looks: below the ports that Linux gives to outgoing connections, because a
    /// client that keeps dialling a stopped server's port could otherwise be given that very port
    /// and connect to itself.
    package static let ports: ClosedRange<UInt16> = 18_000...31_999

    /// A port on 127.0.0.1 that nothing is bound to at this moment.
    ///
    /// Somebody else may take it before it is used; whoever starts a server tries again then.
    ///
    /// - Throws: `ProcessError.system` when a hundred random ports were all taken.
    package static func freePort() throws(ProcessError) -> UInt16 {
        for _ in 0..<100 {
            let port = UInt16.random(in: ports)
            if try isFree(port) { return port }
        }
        throw .system(call: "bind", reason: "no free port among a hundred")
    }

    /// Sends bytes to a port of 127.0.0.1 and reads the answer's first bytes.
    ///
    /// Fewer than `count` bytes come back when the server sends fewer; `nil` when nobody listens
    /// there or the connection broke. Each sending or receiving lasts `milliseconds` at most.
    package static func ask(
        port: UInt16,
        _ question: [UInt8],
        answerBytes count: Int,
        milliseconds: Int = 1000
    ) async -> [UInt8]? {
        await withCheckedContinuation { waiter in
            startThread(name: "ask \(port)") {
                let answer = converse(port, question, count: count, milliseconds: milliseconds)
                waiter.resume(returning: answer)
            }
        }
    }

    /// The blocking part of `ask`.
    private static func converse(
        _ port: UInt16,
        _ question: [UInt8],
        count: Int,
        milliseconds: Int
    ) -> [UInt8]? {
        guard let socket = try? openSocket() else { return nil }
        limitWaits(socket, milliseconds: milliseconds)
        guard withAddress(port, { connect(socket.number, $0, $1) }) == 0,
            send(socket.number, question, question.count, CInt(MSG_NOSIGNAL)) == question.count
        else { return nil }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: max(count, 1))
        while answer.count < count {
            let received = recv(socket.number, &buffer, count - answer.count, 0)
            guard received > 0 else { break }
            answer += buffer.prefix(received)
        }
        return answer
    }

    /// Whether a server could bind the port.
    ///
    /// It asks as servers do, so that connections that lately ended there do not count.
    package static func isFree(_ port: UInt16) throws(ProcessError) -> Bool {
        let socket = try openSocket()
        var yes: CInt = 1
        setsockopt(
            socket.number,
            SOL_SOCKET,
            SO_REUSEADDR,
            &yes,
            socklen_t(MemoryLayout<CInt>.size)
        )
        return withAddress(port) { bind(socket.number, $0, $1) } == 0
            && listen(socket.number, 1) == 0
    }

    private static func openSocket() throws(ProcessError) -> HeldDescriptor {
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let number = socket(AF_INET, type, 0)
        guard number >= 0 else {
            throw .system(call: "socket", reason: ProcessError.reason(errno))
        }
        return HeldDescriptor(number)
    }

    private static func limitWaits(_ socket: HeldDescriptor, milliseconds: Int) {
        var limit = timeval(
            tv_sec: milliseconds / 1000,
            tv_usec: (milliseconds % 1000) * 1000
        )
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(socket.number, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(socket.number, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    private static func withAddress(
        _ port: UInt16,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                body(pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
