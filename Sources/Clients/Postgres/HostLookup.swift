internal import Glibc

/// Adds `hostaddr` to libpq's options, so that libpq itself never looks up a name: it would do so
/// inside a call on the event loop and block it.
enum HostLookup {
    /// Addresses kept for one name.
    private static let addressLimit = 8

    /// Whether `addAddresses` has a name to look up, and so may block.
    static func isNeeded(_ options: [String: String]) -> Bool {
        guard options["hostaddr"] == nil, let host = options["host"] else { return false }
        return hosts(host).contains { !isSocketOrAddress($0) }
    }

    /// Blocks while names are looked up.
    ///
    /// A name with several addresses is repeated, once for each.
    ///
    /// - Throws: `PostgresError.notConnected` when no name has an address.
    static func addAddresses(_ options: [String: String]) throws(PostgresError) -> [String: String]
    {
        let names = hosts(options["host"] ?? "")
        let ports = (options["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        var places: [(host: String, address: String, port: Substring)] = []
        for (index, name) in names.enumerated() {
            let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
            for address in addresses(of: name) {
                places.append((name, address, port))
            }
        }
        guard !places.isEmpty else {
            throw .notConnected(
                reason: "the host name \(names.joined(separator: ",")) has no address"
            )
        }
        var options = options
        options["host"] = places.map(\.host).joined(separator: ",")
        options["hostaddr"] = places.map(\.address).joined(separator: ",")
        options["port"] = places.map(\.port).joined(separator: ",")
        return options
    }

    private static func hosts(_ list: String) -> [String] {
        list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    /// A folder with a socket, the default socket, or an address in digits.
    private static func isSocketOrAddress(_ host: String) -> Bool {
        var address = in6_addr()
        return host.isEmpty || host.hasPrefix("/") || host.hasPrefix("@")
            || inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
    }

    /// An empty text stands for a socket, which has no address.
    private static func addresses(of host: String) -> [String] {
        if host.isEmpty || host.hasPrefix("/") || host.hasPrefix("@") { return [""] }
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [String] = []
        var next = list
        while let entry = next?.pointee, found.count < addressLimit {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let failed = getnameinfo(
                entry.ai_addr,
                entry.ai_addrlen,
                &text,
                socklen_t(text.count),
                nil,
                0,
                NI_NUMERICHOST
            )
            if failed == 0 {
                let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                found.append(String(decoding: bytes, as: UTF8.self))
            }
            next = entry.ai_next
        }
        return found
    }
}
