/// Hosts that addresses from outside may name.
///
/// None listed: any public host, by https on port 443. Hosts listed: only these, and they may be
/// private, plain http and on any port, for the operator vouches for them.
package struct AllowedHosts: Sendable, Equatable {
    private let listed: Set<String>

    package static let anyPublic = AllowedHosts(listed: [])

    private static let countMax = 256

    private init(listed: Set<String>) {
        self.listed = listed
    }

    /// Reads names and addresses, IPv6 with or without brackets; capital letters do not matter.
    ///
    /// - Throws: `AllowedHostsError` naming the first that is neither.
    package init(_ hosts: [String]) throws(AllowedHostsError) {
        guard hosts.count <= Self.countMax else { throw AllowedHostsError(host: "") }
        var listed: Set<String> = []
        for host in hosts {
            guard let name = Self.name(host) else { throw AllowedHostsError(host: host) }
            listed.insert(name)
        }
        self.listed = listed
    }

    var isAnyPublic: Bool { listed.isEmpty }

    func lists(_ url: HTTPURL) -> Bool { listed.contains(url.host) }

    /// As the parser of URLs spells it, so that both mean the same host.
    private static func name(_ host: String) -> String? {
        let isBareVersion6 = host.contains(":") && IPAddress.bytes(of: host) != nil
        let bracketed = isBareVersion6 ? "[\(host)]" : host
        let isPlain = bracketed.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || "-._[]:".utf8.contains(byte)
        }
        let hasPort = bracketed.contains(":") && !bracketed.hasSuffix("]")
        // No URL can be read from anything else, and no port may hide in it.
        guard isPlain, !hasPort, let url = try? HTTPURL("https://\(bracketed)/") else { return nil }
        return HostName.isSound(url.host) || IPAddress.bytes(of: url.host) != nil ? url.host : nil
    }
}

/// An entry that is neither the name nor the address of a host.
package struct AllowedHostsError: Error, Equatable, CustomStringConvertible {
    package let host: String

    package var description: String {
        "'\(host)' is no host; write names such as storage.example.com, or addresses,"
            + " without scheme and port"
    }
}
