internal import CHiredis

/// Where Redis is, and how to log in; never prints the user or the password.
package struct RedisAddress: Sendable, Equatable {
    struct HostPort: Sendable, Hashable, CustomStringConvertible {
        let host: String
        let port: UInt16

        var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    enum Place: Sendable, Equatable {
        case host(HostPort)
        /// The path of a unix socket.
        case socket(String)
        /// Ask these, in this order, who the master of that name is.
        case sentinels([HostPort], master: String)
    }

    let place: Place
    /// `nil`: the default user.
    let user: String?
    /// `nil`: no login.
    let password: String?
    package let database: Int
    let usesTLS: Bool

    /// The host; `nil`: a socket, or whichever a sentinel names.
    package var host: String? {
        guard case .host(let host) = place else { return nil }
        return host.host
    }

    package var port: UInt16? {
        guard case .host(let host) = place else { return nil }
        return host.port
    }

    /// Reads one of
    /// `redis://[user[:password]@]host[:port][/database]`, `rediss://…` (TLS),
    /// `unix://[user[:password]@]/path[?db=database]` and
    /// `redis+sentinel://[user[:password]@]host[:port],…/master[/database]`.
    ///
    /// User, password and path are percent-decoded. `?db=` works with each of them.
    package init(_ url: String) throws(RedisAddressError) {
        let parts = try AddressParts(url)
        (user, password) = (parts.user, parts.password)
        usesTLS = parts.scheme == "rediss"
        switch parts.scheme {
        case "redis", "rediss":
            let host = parts.hosts.isEmpty ? "127.0.0.1" : parts.hosts
            place = .host(try AddressParts.hostPort(host, standard: 6379))
            database = try parts.database(pathSegment: 0)
        case "unix":
            place = .socket(try parts.socketPath())
            database = try parts.database(pathSegment: nil)
        case "redis+sentinel":
            place = .sentinels(try parts.sentinels(), master: try parts.master())
            database = try parts.database(pathSegment: 1)
        default:
            throw .unknownScheme
        }
        if usesTLS, redis_tls_is_available() == 0 { throw .tlsUnavailable }
    }
}

extension RedisAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        let login = user == nil && password == nil ? "" : "…@"
        switch place {
        case .host(let host): return "\(usesTLS ? "rediss" : "redis")://\(login)\(host)/\(database)"
        case .socket(let path): return "unix://\(login)\(path)?db=\(database)"
        case .sentinels(let hosts, let master):
            let list = hosts.map(\.description).joined(separator: ",")
            return "redis+sentinel://\(login)\(list)/\(master)/\(database)"
        }
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What is wrong with the address of a Redis server; never repeats the address.
package enum RedisAddressError: Error, Sendable, Equatable, CustomStringConvertible {
    case unknownScheme
    case tlsUnavailable
    case badHost
    case badPort
    case badDatabase
    case badPercentEncoding
    case badSocketPath
    case missingMaster
    case tooManyPathSegments
    case unknownOption(String)

    package var description: String {
        switch self {
        case .unknownScheme:
            "a Redis address begins with redis://, rediss://, unix:// or redis+sentinel://"
        case .tlsUnavailable:
            "rediss:// needs hiredis 1.0 or newer with its TLS library (libhiredis_ssl), which is "
                + "not there; use redis:// through a TLS proxy on the same host"
        case .badHost: "the host of the Redis address is missing or has a character it cannot have"
        case .badPort: "the port of the Redis address is not a number from 1 to 65535"
        case .badDatabase: "the database of the Redis address is not a number from 0 to 9999"
        case .badPercentEncoding:
            "a % in the Redis address is not followed by two hexadecimal digits, or does not "
                + "decode to UTF-8"
        case .badSocketPath: "the socket of a unix:// address is an absolute path of 1 to 107 bytes"
        case .missingMaster: "a redis+sentinel:// address names the master after its hosts"
        case .tooManyPathSegments: "the Redis address has more after its database"
        case .unknownOption(let name):
            "the Redis address has an option that is not known: \(name) (known: db)"
        }
    }
}
