internal import CLinux
internal import Glibc

/// The socket calls of the server; every descriptor is non-blocking and closed on exec.
enum ServerSocket {
    /// Opens a listening socket on a numeric address, or on `localhost`, which is 127.0.0.1: any
    /// other name would have to be looked up, and that blocks.
    static func listen(host: String, port: UInt16) throws(HTTPServerError) -> CInt {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
        hints.ai_socktype = linux_stream_socket
        var found: UnsafeMutablePointer<addrinfo>?
        let name = host == "localhost" ? "127.0.0.1" : host
        guard getaddrinfo(name, String(port), &hints, &found) == 0, let address = found else {
            throw .badAddress(host)
        }
        defer { freeaddrinfo(found) }

        let type = linux_stream_socket | linux_socket_flags
        let descriptor = socket(address.pointee.ai_family, type, 0)
        guard descriptor >= 0 else { throw .system(call: "socket", errno: errno) }
        do throws(HTTPServerError) {
            try set(descriptor, SOL_SOCKET, SO_REUSEADDR, CInt(1))
            try check(bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen), "bind")
            try check(Glibc.listen(descriptor, 511), "listen")
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    static func close(_ descriptor: CInt) {
        Glibc.close(descriptor)
    }

    static func port(of descriptor: CInt) throws(HTTPServerError) -> UInt16 {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &size)
            }
        }
        try check(result, "getsockname")
        return UInt16(name(of: &address, size: size).port) ?? 0
    }

    enum Accepted {
        case connection(CInt, peer: String)
        case none
        case failed(errno: CInt)
    }

    static func accept(_ listener: CInt) -> Accepted {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let descriptor = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                linux_accept(listener, $0, &size)
            }
        }
        guard descriptor >= 0 else {
            switch errno {
            case EAGAIN: return .none
            // The peer has already left, or a signal came: the loop tells of the next one.
            case ECONNABORTED, EINTR, EPROTO: return .none
            case let code: return .failed(errno: code)
            }
        }
        var on: CInt = 1
        // Only a matter of speed: answers are written whole, so a refusal changes nothing else.
        setsockopt(
            descriptor,
            CInt(IPPROTO_TCP),
            TCP_NODELAY,
            &on,
            socklen_t(MemoryLayout<CInt>.size)
        )
        let (host, port) = name(of: &address, size: size)
        return .connection(
            descriptor,
            peer: host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        )
    }

    /// Makes the next `close` reset the connection instead of ending it in order.
    static func resetOnClose(_ descriptor: CInt) {
        var option = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, size)
    }

    private static func name(
        of address: inout sockaddr_storage,
        size: socklen_t
    ) -> (host: String, port: String) {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getnameinfo(
                    $0,
                    size,
                    &host,
                    socklen_t(host.count),
                    &port,
                    socklen_t(port.count),
                    NI_NUMERICHOST | NI_NUMERICSERV
                )
            }
        }
        guard result == 0 else { return ("unknown", "0") }
        return (text(host), text(port))
    }

    private static func text(_ bytes: [CChar]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func set(
        _ descriptor: CInt,
        _ level: CInt,
        _ option: CInt,
        _ value: CInt
    ) throws(HTTPServerError) {
        var value = value
        let size = socklen_t(MemoryLayout<CInt>.size)
        try check(setsockopt(descriptor, level, option, &value, size), "setsockopt")
    }

    private static func check(_ result: CInt, _ call: String) throws(HTTPServerError) {
        guard result == 0 else { throw .system(call: call, errno: errno) }
    }
}
