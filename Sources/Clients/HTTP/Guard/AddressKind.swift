/// What an address is for, judged by its bytes and never by its spelling.
///
/// Sources: the IANA special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates), read
/// 2026-11-22.
package enum AddressKind: String, Sendable, CaseIterable {
    case publicNetwork = "a public address"
    /// `0.0.0.0/8` and `::`; Linux takes them for itself.
    case unspecified = "an unspecified address"
    case loopback = "a loopback address"
    case privateNetwork = "an address of a private network"
    /// Clouds answer there with credentials: `169.254.169.254`.
    case linkLocal = "a link-local address"
    case multicast = "a multicast address"
    case documentation = "an address for documentation"
    case reserved = "a reserved address"
    /// IPv6 around IPv4: what it leads to depends on who unwraps it.
    case wrapped = "an IPv6 address around an IPv4 address"
    case own = "an address of this machine"
    case malformed = "no address"

    /// - Parameters:
    ///   - bytes: 4 or 16, in network order.
    ///   - own: this machine's addresses.
    package init(of bytes: [UInt8], own: Set<[UInt8]> = []) {
        let kind =
            switch bytes.count {
            case 4: Self.first(of: Self.version4, covering: bytes) ?? .publicNetwork
            case 16: Self.version6(bytes)
            default: AddressKind.malformed
            }
        self = kind == .publicNetwork && own.contains(bytes) ? .own : kind
    }

    /// Whether a host that the operator lists by name may have such an address.
    var mayBeListed: Bool {
        switch self {
        case .publicNetwork, .privateNetwork, .loopback, .own: true
        default: false
        }
    }

    private typealias Block = (bytes: [UInt8], bits: Int, kind: AddressKind)

    private static let version4: [Block] = [
        ([0], 8, .unspecified),
        ([10], 8, .privateNetwork),
        ([100, 64], 10, .privateNetwork),
        ([127], 8, .loopback),
        ([169, 254], 16, .linkLocal),
        ([172, 16], 12, .privateNetwork),
        ([192, 0, 0], 24, .reserved),
        ([192, 0, 2], 24, .documentation),
        ([192, 31, 196], 24, .reserved),
        ([192, 52, 193], 24, .reserved),
        ([192, 88, 99], 24, .reserved),
        ([192, 168], 16, .privateNetwork),
        ([192, 175, 48], 24, .reserved),
        ([198, 18], 15, .privateNetwork),
        ([198, 51, 100], 24, .documentation),
        ([203, 0, 113], 24, .documentation),
        ([224], 4, .multicast),
        ([240], 4, .reserved),
    ]

    /// Within `2000::/3`, the only block that is given to the public.
    private static let version6: [Block] = [
        // Teredo, which wraps; the rest of 2001::/23 are protocols' own.
        ([0x20, 0x01, 0, 0], 32, .wrapped),
        ([0x20, 0x01, 0], 23, .reserved),
        ([0x20, 0x01, 0x0D, 0xB8], 32, .documentation),
        // 6to4.
        ([0x20, 0x02], 16, .wrapped),
        ([0x26, 0x20, 0, 0x4F, 0x80], 48, .reserved),
        ([0x3F, 0xFF, 0], 20, .documentation),
    ]

    private static let version6Elsewhere: [Block] = [
        ([0xFC], 7, .privateNetwork),
        ([0xFE, 0x80], 10, .linkLocal),
        ([0xFE, 0xC0], 10, .privateNetwork),
        ([0xFF], 8, .multicast),
        // NAT64, of the world and of one network.
        ([0, 0x64, 0xFF, 0x9B], 96, .wrapped),
        ([0, 0x64, 0xFF, 0x9B, 0, 1], 48, .wrapped),
        // Translated (RFC 2765), then compatible (RFC 4291), both out of use.
        ([0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0], 96, .wrapped),
        ([0], 96, .wrapped),
    ]

    private static func version6(_ bytes: [UInt8]) -> AddressKind {
        if bytes[0] & 0xE0 == 0x20 {
            return first(of: version6, covering: bytes) ?? .publicNetwork
        }
        let front = bytes[..<15]
        if front.allSatisfy({ $0 == 0 }), bytes[15] < 2 {
            return bytes[15] == 0 ? .unspecified : .loopback
        }
        if let four = mapped(bytes) {
            let inner = AddressKind(of: four)
            return inner == .publicNetwork ? .wrapped : inner
        }
        return first(of: version6Elsewhere, covering: bytes) ?? .reserved
    }

    /// The four bytes in `::ffff:0:0/96`, which the kernel connects to as IPv4.
    private static func mapped(_ bytes: [UInt8]) -> [UInt8]? {
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? Array(bytes[12...]) : nil
    }

    private static func first(of blocks: [Block], covering address: [UInt8]) -> AddressKind? {
        blocks.first { covers($0, address) }?.kind
    }

    /// Bytes that a block leaves out are zero.
    private static func covers(_ block: Block, _ address: [UInt8]) -> Bool {
        (0..<(block.bits + 7) / 8).allSatisfy { index in
            let bits = min(8, block.bits - index * 8)
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
            let wanted = index < block.bytes.count ? block.bytes[index] : 0
            return address[index] & mask == wanted & mask
        }
    }
}
