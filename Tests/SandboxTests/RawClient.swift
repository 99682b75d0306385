import Foundation
import Glibc

/// A client over a bare socket, which sees exactly what the server does to the connection.
struct RawClient: ~Copyable {
    /// Sends all of it on a new connection, and waits for whatever comes of it.
    ///
    /// On a thread of its own: sockets block, and the tasks of the server need their threads.
    ///
    /// `isLeaving` closes without reading; `patience` is that for each piece of the answer.
    static func exchange(
        port: UInt16,
        _ text: String,
        _ bytes: [UInt8] = [],
        isLeaving: Bool = false,
        patience: Duration = .seconds(10)
    ) async -> (text: String, ending: Ending) {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let client = RawClient(port: port)
                client.wait(atMost: patience)
                client.send(Array(text.utf8) + bytes)
                continuation.resume(returning: isLeaving ? ("", .silent) : client.readAll())
            }
        }
    }

    enum Ending: Equatable { case closed, reset, silent }

    private let socket: CInt

    private init(port: UInt16) {
        socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        precondition(connected == 0, "nothing listens on port \(port)")
    }

    deinit {
        close(socket)
    }

    private func wait(atMost patience: Duration) {
        let (seconds, attoseconds) = patience.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        setsockopt(
            socket,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
    }

    /// Sends what it can; a server that has gone is noticed when reading.
    private func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = Glibc.send(
                socket,
                Array(bytes[sent...]),
                bytes.count - sent,
                CInt(MSG_NOSIGNAL)
            )
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Everything that comes until the connection ends, or nothing more comes in time.
    private func readAll() -> (text: String, ending: Ending) {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count > 0 {
                text += buffer.prefix(count)
                continue
            }
            let ending: Ending = count == 0 ? .closed : errno == ECONNRESET ? .reset : .silent
            return (String(decoding: text, as: UTF8.self), ending)
        }
    }
}
