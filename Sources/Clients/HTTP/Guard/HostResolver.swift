// Whichever module is read first owns the types of `netinet/in.h`: in release builds this one.
internal import CCurl
internal import Glibc

/// Finds the addresses of a host.
package protocol HostResolver: Sendable {
    /// - Parameter host: a name; with a dot at its end no search domains are added.
    /// - Returns: every answer, 4 or 16 bytes each in network order, the best to connect to first.
    func addresses(of host: String) async throws(HostResolverError) -> [[UInt8]]
}

package enum HostResolverError: Error, Sendable, Equatable {
    /// The name has no address.
    case unknownHost
    /// Nobody could say in time.
    case unanswered(String)
    /// Nobody can ask now: other names without an answer keep all threads.
    case busy
    case cancelled
}

/// The system's own resolver.
package enum SystemResolver {
    /// Asks for all addresses, and blocks meanwhile.
    package static func addresses(of host: String) throws(HostResolverError) -> [[UInt8]] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            if code == EAI_NONAME || code == noAddress { throw .unknownHost }
            throw .unanswered(String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(list) }
        var found: [[UInt8]] = []
        var next = list
        while let entry = next?.pointee {
            if let bytes = bytes(of: entry.ai_addr) { found.append(bytes) }
            next = entry.ai_next
        }
        return found
    }

    /// This machine's own addresses, of all its interfaces.
    package static func ownAddresses() -> Set<[UInt8]> {
        var list: UnsafeMutablePointer<ifaddrs>?
        // Without the list its addresses count as other public ones do.
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var own: Set<[UInt8]> = []
        var next = list
        while let entry = next?.pointee {
            if let bytes = bytes(of: entry.ifa_addr) { own.insert(bytes) }
            next = entry.ifa_next
        }
        return own
    }

    /// `EAI_NODATA`, which Glibc hides behind `_GNU_SOURCE`: the name exists without addresses.
    private static let noAddress: CInt = -5

    private static func bytes(of address: UnsafeMutablePointer<sockaddr>?) -> [UInt8]? {
        guard let address else { return nil }
        switch CInt(address.pointee.sa_family) {
        case AF_INET:
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin_addr, Array.init)
            }
        case AF_INET6:
            return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin6_addr, Array.init)
            }
        default:
            return nil
        }
    }
}
