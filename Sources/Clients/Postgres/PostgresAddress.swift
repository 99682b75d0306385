internal import CPostgres

/// Why a database URL cannot be used.
///
/// Never shows the URL, which may hold a password.
package enum PostgresAddressError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The part before `://` is neither `postgresql` nor `postgres`.
    case scheme(String)
    /// libpq's own words up to the point where it quotes the URL.
    case unreadable(reason: String)

    package var description: String {
        switch self {
        case .scheme: "the database URL must begin with postgresql://"
        case .unreadable(let reason): "the database URL cannot be read: \(reason)"
        }
    }
}

/// Where the server is and who we are there: what libpq's URL says, with its percent-encoding
/// undone.
///
/// `postgresql://user:password@host:port/database?name=value`; host may be `[::1]`, a
/// comma-separated list, or empty with `?host=/folder` for a Unix socket. libpq's `PGHOST`,
/// `PGPASSWORD`, password file and so on fill in what the URL leaves out.
package struct PostgresAddress: Sendable, CustomStringConvertible {
    /// libpq's connection options by their own names.
    let options: [String: String]

    package init(_ url: String) throws(PostgresAddressError) {
        let scheme = url.prefix { $0 != ":" && $0 != "/" && $0 != "=" }
        if url.dropFirst(scheme.count).hasPrefix("://"), scheme != "postgresql",
            scheme != "postgres"
        {
            throw .scheme(String(scheme))
        }
        guard !url.utf8.contains(0) else { throw .unreadable(reason: "it holds a NUL character") }
        options = try Self.parse(url)
    }

    /// Without the password and without query parameters, which may hold secrets too.
    package var description: String {
        let hosts = (options["host"] ?? options["hostaddr"] ?? "").split(separator: ",")
        let ports = (options["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        let places = hosts.enumerated().map { index, host in
            let port = ports.count == 1 ? ports.first : ports.dropFirst(index).first
            let shown = host.contains(":") ? "[\(host)]" : String(host)
            return shown + (port.map { $0.isEmpty ? "" : ":\($0)" } ?? "")
        }
        return "postgresql://" + (options["user"].map { "\($0)@" } ?? "")
            + places.joined(separator: ",") + (options["dbname"].map { "/\($0)" } ?? "")
    }

    private static func parse(_ url: String) throws(PostgresAddressError) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard let list = PQconninfoParse(url, &message) else {
            let reason = message.map { String(cString: $0) } ?? "out of memory"
            PQfreemem(message)
            throw .unreadable(reason: firstWords(of: reason))
        }
        defer { PQconninfoFree(list) }
        var options: [String: String] = [:]
        var option = list
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                options[String(cString: keyword)] = String(cString: value)
            }
            option += 1
        }
        return options
    }

    /// libpq puts whatever it repeats from the URL between quotes.
    private static func firstWords(of message: String) -> String {
        let words = message.prefix { $0 != "\"" && $0 != "\n" }
        return words.split(separator: " ").joined(separator: " ")
    }
}

extension PostgresAddress: CustomReflectable {
    /// Empty, so that `dump` shows no password.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
