internal import Glibc

/// TCP on 127.0.0.1 with calls that block, for threads that do nothing else.
enum FaultProxySocket {
    /// A listening socket on a free port.
    static func listen() throws -> (socket: CInt, port: UInt16) {
        let listener = try open()
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && Glibc.listen(listener, 128) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard isListening else { throw FaultProxyError(call: "listen", code: errno) }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    /// A connection to a port of 127.0.0.1; `nil` when nobody listens there.
    static func connect(to port: UInt16) -> CInt? {
        guard let socket = try? open() else { return nil }
        var address = loopback(port: port)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                Glibc.connect(socket, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            close(socket)
            return nil
        }
        sendAtOnce(socket)
        return socket
    }

    /// Waits for the next connection; `nil` when the listener was shut down.
    static func accept(_ listener: CInt) -> CInt? {
        let socket = Glibc.accept(listener, nil, nil)
        guard socket >= 0 else { return nil }
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        sendAtOnce(socket)
        return socket
    }

    /// Waits until one of two sockets has something to read, or has ended.
    static func waitForEither(_ one: CInt, _ other: CInt) -> (one: Bool, other: Bool) {
        var both = [
            pollfd(fd: one, events: Int16(POLLIN), revents: 0),
            pollfd(fd: other, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&both, 2, -1) < 0, errno == EINTR {}
        return (both[0].revents != 0, both[1].revents != 0)
    }

    /// What has arrived; `nil` when the connection has ended.
    static func read(_ socket: CInt) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }

    /// Sends everything, or as much as a peer that goes away still takes.
    static func write(_ bytes: some Collection<UInt8>, to socket: CInt) {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { bytes in
                send(socket, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Ends a connection as a router does that has forgotten it.
    static func reset(_ socket: CInt) {
        var noWait = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            socket,
            SOL_SOCKET,
            SO_LINGER,
            &noWait,
            socklen_t(MemoryLayout<linger>.size)
        )
        close(socket)
    }

    private static func open() throws -> CInt {
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(AF_INET, type, 0)
        guard socket >= 0 else { throw FaultProxyError(call: "socket", code: errno) }
        return socket
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = port.bigEndian
        return address
    }

    private static func sendAtOnce(_ socket: CInt) {
        var yes: CInt = 1
        let size = socklen_t(MemoryLayout<CInt>.size)
        setsockopt(socket, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, size)
    }
}

/// A system call that failed.
package struct FaultProxyError: Error, CustomStringConvertible {
    let call: String
    let code: CInt

    package var description: String { "\(call): error \(code)" }
}
