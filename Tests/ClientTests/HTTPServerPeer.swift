import Dispatch
import EventLoop
import Glibc
import HTTP

/// The other end of a server's connection: exact bytes, blocking calls on threads of its own, one
/// for each direction.
final class HTTPServerPeer: Sendable {
    /// How a connection came to its end, as a reader sees it.
    enum End: Equatable {
        case closed
        case reset
        /// Nothing came for `patience`: the server failed to end the connection.
        case stillOpen
    }

    static let patience = 20

    let descriptor: CInt
    private let sender = DispatchQueue(label: "sender")
    private let reader = DispatchQueue(label: "reader")

    private init(_ descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        Glibc.close(descriptor)
    }

    /// Connects, and sends a few bytes at once, however busy the test's threads are.
    static func connect(to port: UInt16, sending text: String = "") throws -> HTTPServerPeer {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw HTTPServerError.system(call: "connect", errno: errno) }
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        let sent = Glibc.send(descriptor, text, text.utf8.count, CInt(MSG_NOSIGNAL))
        guard sent == text.utf8.count else {
            throw HTTPServerError.system(call: "send", errno: errno)
        }
        return HTTPServerPeer(descriptor)
    }

    /// Runs a blocking call; the cooperative threads are too few to be blocked by tests.
    private func blocking<Value: Sendable>(
        _ thread: DispatchQueue,
        _ body: @escaping @Sendable (CInt) -> Value
    ) async -> Value {
        await withCheckedContinuation { continuation in
            thread.async { [self] in continuation.resume(returning: body(descriptor)) }
        }
    }

    /// Sends all of it; stops quietly when the server has gone, which the reader will find out.
    func send(_ bytes: [UInt8]) async {
        _ = await send(bytes, patience: -1)
    }

    /// Sends until the server has taken nothing for `patience` milliseconds (-1: for ever).
    ///
    /// - Returns: how many bytes were taken.
    func send(_ bytes: [UInt8], patience: CInt) async -> Int {
        await blocking(sender) { descriptor in
            var sent = 0
            var readiness = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            while sent < bytes.count, poll(&readiness, 1, patience) == 1 {
                let result = bytes[sent...].withUnsafeBytes {
                    Glibc.send(
                        descriptor,
                        $0.baseAddress,
                        $0.count,
                        CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
                    )
                }
                guard result > 0 else { break }
                sent += result
            }
            return sent
        }
    }

    func send(_ text: String) async {
        await send(Array(text.utf8))
    }

    func finishSending() {
        shutdown(descriptor, CInt(SHUT_WR))
    }

    /// Everything until the server ends the connection.
    func readToEnd() async -> (text: String, end: End) {
        await blocking(reader) { descriptor in
            var bytes: [UInt8] = []
            let end = Self.read(descriptor, into: &bytes) { _ in false }
            return (String(decoding: bytes, as: UTF8.self), end ?? .closed)
        }
    }

    /// One byte at a time until `text` has come, so that nothing after it is taken.
    func read(until text: String) async -> String {
        await blocking(reader) { descriptor in
            var bytes: [UInt8] = []
            _ = Self.read(descriptor, into: &bytes, atATime: 1) {
                $0.suffix(text.utf8.count).elementsEqual(text.utf8)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private static func read(
        _ descriptor: CInt,
        into bytes: inout [UInt8],
        atATime count: Int = 65536,
        isEnough: ([UInt8]) -> Bool
    ) -> End? {
        var buffer = [UInt8](repeating: 0, count: count)
        while !isEnough(bytes) {
            let result = recv(descriptor, &buffer, count, 0)
            guard result > 0 else {
                return result == 0 ? .closed : errno == ECONNRESET ? .reset : .stillOpen
            }
            bytes += buffer[..<result]
        }
        return nil
    }
}

/// Runs a server of its own around a test's body, and stops it afterwards.
func withServer(
    _ limits: HTTPServerLimits = HTTPServerLimits(),
    handler: @escaping HTTPServer.Handler = answerPath,
    _ body: (UInt16, HTTPServer) async throws -> Void
) async throws {
    let loop = EventLoop(name: "test server")
    let server = HTTPServer(on: loop, limits: limits, handler: handler)
    let port = try await server.listen(host: "127.0.0.1", port: 0)
    do {
        try await body(port, server)
    } catch {
        await server.stop()
        loop.stop()
        throw error
    }
    await server.stop()
    loop.stop()
}

/// Takes in the body and answers with what the server understood.
let answerPath: HTTPServer.Handler = { request in
    do {
        let body = try await request.body.collect(limit: 1 << 20)
        let text = body.map { String(decoding: $0, as: UTF8.self) } ?? "too large"
        return HTTPServerResponse(
            status: 200,
            text: "\(request.method) \(request.path) [\(text)]"
        )
    } catch {
        return HTTPServerResponse(status: 500, text: "\(error)")
    }
}

/// Sends all of it on a connection of its own, and reads to the end.
func exchange(
    _ text: String,
    with port: UInt16
) async throws -> (text: String, end: HTTPServerPeer.End) {
    let peer = try HTTPServerPeer.connect(to: port)
    await peer.send(text)
    return await peer.readToEnd()
}
