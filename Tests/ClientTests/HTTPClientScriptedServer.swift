import Glibc
import Synchronization

/// A server on 127.0.0.1 that does with each connection exactly what a script says, byte by byte.
///
/// Each connection has a thread of its own; reads give up after 20 seconds.
final class ScriptedHTTPServer: Sendable {
    typealias Script = @Sendable (ScriptedConnection) throws -> Void

    let port: UInt16
    private let listener: CInt
    private let script: Script
    private let accepted = Mutex(0)

    /// Connections accepted so far.
    var connectionCount: Int { accepted.withLock { $0 } }

    init(_ script: @escaping Script) throws {
        self.script = script
        (listener, port) = try Self.listen(backlog: 256)
        startThread { [self] in acceptAll() }
    }

    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// Stops accepting; connections end with their scripts.
    func stop() {
        shutdown(listener, CInt(SHUT_RDWR))
    }

    /// A listening socket on a free port.
    static func listen(backlog: CInt) throws -> (CInt, UInt16) {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | 0o2000000, 0)
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0
                    && Glibc.listen(listener, backlog) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard isListening else { throw ScriptError.system(errno) }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = port.bigEndian
        return address
    }

    private func acceptAll() {
        while true {
            let socket = accept(listener, nil, nil)
            guard socket >= 0 else { break }
            let number = accepted.withLock { count in
                count += 1
                return count
            }
            startThread { [script] in
                let connection = ScriptedConnection(socket, number: number)
                // A script that fails shows in what the client gets: the connection closes.
                try? script(connection)
                connection.close()
            }
        }
        close(listener)
    }
}

enum ScriptError: Error {
    case system(CInt)
    case ended
}

/// One connection, as its script sees it.
final class ScriptedConnection {
    /// 1 for the first connection of the server.
    let number: Int
    private var socket: CInt
    private var buffer: [UInt8] = []

    init(_ socket: CInt, number: Int) {
        self.socket = socket
        self.number = number
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Reads up to and including the empty line.
    func readHeader() throws -> String {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = buffer.firstRange(of: end) {
                let header = String(decoding: buffer[..<range.upperBound], as: UTF8.self)
                buffer.removeFirst(range.upperBound)
                return header
            }
            try readMore()
        }
    }

    func read(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { try readMore() }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    /// Returns once the other side has closed or reset.
    func waitForEnd() {
        while (try? readMore()) != nil { buffer = [] }
    }

    func write(_ text: String) throws {
        try write(Array(text.utf8))
    }

    func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw ScriptError.system(errno) }
            sent += count
        }
    }

    func close() {
        guard socket >= 0 else { return }
        Glibc.close(socket)
        socket = -1
    }

    /// Closes so that the other side sees a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        let length = socklen_t(MemoryLayout<linger>.size)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, length)
        close()
    }

    private func readMore() throws {
        var piece = [UInt8](repeating: 0, count: 256 * 1024)
        let count = recv(socket, &piece, piece.count, 0)
        guard count >= 0 else { throw ScriptError.system(errno) }
        guard count > 0 else { throw ScriptError.ended }
        buffer += piece[..<count]
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func startThread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
    let failed = pthread_create(
        &thread,
        nil,
        { context in
            if let context {
                Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
            }
            return nil
        },
        context
    )
    precondition(failed == 0, "no thread for a scripted server")
    pthread_detach(thread)
}
