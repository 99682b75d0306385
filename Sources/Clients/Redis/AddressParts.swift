/// The pieces of a Redis address, split but not yet given a meaning.
struct AddressParts {
    let scheme: String
    let user: String?
    let password: String?
    /// What stands between the login and the path.
    let hosts: String
    /// What follows the hosts, its first `/` included, up to a `?`.
    let path: String
    private let databaseOption: String?

    init(_ url: String) throws(RedisAddressError) {
        guard url.utf8.count <= 4096, let colon = url.firstIndex(of: ":"),
            url[colon...].hasPrefix("://")
        else { throw .unknownScheme }
        scheme = url[..<colon].lowercased()
        let rest = url[colon...].dropFirst(3)
        let location = rest.prefix { $0 != "?" }
        databaseOption = try Self.databaseOption(rest.dropFirst(location.count + 1))
        let authority = location.prefix { $0 != "/" }
        path = String(location.dropFirst(authority.count))
        guard let at = authority.lastIndex(of: "@") else {
            (user, password, hosts) = (nil, nil, String(authority))
            return
        }
        hosts = String(authority[authority.index(after: at)...])
        (user, password) = try Self.login(authority[..<at])
    }

    /// A user without a password is sent with an empty one, which `nopass` users accept.
    private static func login(
        _ text: Substring
    ) throws(RedisAddressError) -> (user: String?, password: String?) {
        let name = text.prefix { $0 != ":" }
        let user = try percentDecoded(name)
        let password = try percentDecoded(text.dropFirst(name.count + 1))
        if user.isEmpty { return (nil, password.isEmpty ? nil : password) }
        return (user, password)
    }

    private static func databaseOption(_ query: Substring) throws(RedisAddressError) -> String? {
        var database: String?
        for option in query.split(separator: "&") {
            let name = option.prefix { $0 != "=" }
            guard name == "db" else {
                let isPlain = name.utf8.allSatisfy { 97...122 ~= $0 || $0 == UInt8(ascii: "_") }
                throw .unknownOption(isPlain ? String(name.prefix(40)) : "?")
            }
            database = String(option.dropFirst(name.count + 1))
        }
        return database
    }

    /// The database named by `?db=`, or else by that segment of the path; 0 when there is none.
    func database(pathSegment: Int?) throws(RedisAddressError) -> Int {
        var named = databaseOption
        if let pathSegment {
            let segments = segments
            guard segments.count <= pathSegment + 1 else { throw .tooManyPathSegments }
            if segments.count > pathSegment { named = named ?? segments[pathSegment] }
        }
        guard let named else { return 0 }
        guard let number = Self.number(named), number <= 9999 else { throw .badDatabase }
        return number
    }

    func socketPath() throws(RedisAddressError) -> String {
        let path = try Self.percentDecoded(path[...])
        guard hosts.isEmpty, path.count > 1, path.utf8.count <= 107, !path.utf8.contains(0) else {
            throw .badSocketPath
        }
        return path
    }

    func sentinels() throws(RedisAddressError) -> [RedisAddress.HostPort] {
        var found: [RedisAddress.HostPort] = []
        for text in hosts.split(separator: ",", maxSplits: 32, omittingEmptySubsequences: false) {
            found.append(try Self.hostPort(String(text), standard: 26379))
        }
        return found
    }

    func master() throws(RedisAddressError) -> String {
        guard let name = segments.first else { throw .missingMaster }
        return try Self.percentDecoded(name[...])
    }

    private var segments: [String] {
        path.split(separator: "/").map(String.init)
    }

    static func hostPort(
        _ text: String,
        standard: UInt16
    ) throws(RedisAddressError) -> RedisAddress.HostPort {
        var host = text[...]
        var port = ""[...]
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[..<end].dropFirst()
            port = text[end...].dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[colon...]
        }
        guard !host.isEmpty, host.utf8.count <= 253, host.utf8.allSatisfy(isHostByte) else {
            throw .badHost
        }
        guard !port.isEmpty else { return .init(host: String(host), port: standard) }
        guard port.hasPrefix(":"), let number = number(String(port.dropFirst())),
            let number = UInt16(exactly: number), number > 0
        else { throw .badPort }
        return .init(host: String(host), port: number)
    }

    /// Letters, digits and `-._:%`, the last two for IPv6 addresses.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...58, 65...90, 97...122, 37, 45, 46, 95: true
        default: false
        }
    }

    /// Decimal digits only, at most nine.
    private static func number(_ text: String) -> Int? {
        let isNumber = 1...9 ~= text.utf8.count && text.utf8.allSatisfy { 48...57 ~= $0 }
        return isNumber ? Int(text) : nil
    }

    static func percentDecoded(_ text: Substring) throws(RedisAddressError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigit),
                let low = rest.popFirst().flatMap(hexDigit)
            else { throw .badPercentEncoding }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw .badPercentEncoding
        }
        return decoded
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
