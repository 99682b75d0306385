/// Sends requests to addresses from outside, and nowhere else than to what was checked.
///
/// The host's addresses are asked for once and compared as bytes; every request then goes to one of
/// them, whatever the name leads to by then. Redirects are answers like others.
package struct GuardedClient: Sendable {
    private let client: HTTPClient
    private let resolver: any HostResolver
    private let own: @Sendable () -> Set<[UInt8]>

    /// Time to connect to one address.
    private static let connectLimit = Duration.seconds(5)

    /// - Parameter own: this machine's addresses, which are nobody else's to name.
    package init(
        _ client: HTTPClient,
        resolver: some HostResolver,
        own: @escaping @Sendable () -> Set<[UInt8]> = SystemResolver.ownAddresses
    ) {
        self.client = client
        self.resolver = resolver
        self.own = own
    }

    /// Finds out where a URL leads.
    ///
    /// - Throws: `DestinationError`; no packet has gone to the host then.
    package func destination(of url: GuardedURL) async throws(DestinationError) -> Destination {
        if let bytes = IPAddress.bytes(of: url.url.host) {
            // Only a listed URL can hold an address, and then it is the listed one.
            return Destination(url: url, addresses: [bytes])
        }
        let addresses: [[UInt8]]
        do throws(HostResolverError) {
            // A listed host may be one that only the local search domains know.
            let host = url.isListed ? url.url.host : url.url.host + "."
            addresses = try await resolver.addresses(of: host)
        } catch {
            throw .unresolved(error)
        }
        try Self.check(addresses, of: url, own: url.isListed ? [] : own())
        return Destination(url: url, addresses: addresses)
    }

    /// Whether a name may have these addresses: all of them, or it is not used at all.
    static func check(
        _ addresses: [[UInt8]],
        of url: GuardedURL,
        own: Set<[UInt8]>
    ) throws(DestinationError) {
        guard !addresses.isEmpty else { throw .unresolved(.unknownHost) }
        for address in addresses {
            let kind = AddressKind(of: address, own: own)
            guard kind == .publicNetwork || url.isListed && kind.mayBeListed else {
                throw .refused(.leadsTo(kind))
            }
        }
    }

    /// Sends a request to the first checked address that can be connected to.
    ///
    /// - Parameter request: its URL is replaced by the destination's.
    package func send(
        _ request: HTTPRequest,
        to destination: Destination
    ) async throws(HTTPError) -> HTTPResponse {
        var failure = HTTPError.cannotConnect("no address")
        for address in destination.addresses.prefix(Destination.triedMax) {
            do {
                return try await client.send(pinned(request, to: address, of: destination.url))
            } catch .cannotConnect(let text) {
                failure = .cannotConnect(text)
            } catch .connectTimedOut {
                failure = .connectTimedOut
            }
        }
        throw failure
    }

    private func pinned(
        _ request: HTTPRequest,
        to address: [UInt8],
        of guarded: GuardedURL
    ) -> HTTPRequest {
        let url = guarded.url
        var request = request
        request.url = url.text
        request.allowsPlainHTTP = guarded.isListed
        request.proxy = nil
        if IPAddress.bytes(of: url.host) == nil {
            request.resolve = ["\(url.host):\(url.port):\(IPAddress.text(of: address))"]
        }
        // The second net: nothing else is connected to even if the pin were not obeyed.
        request.checkAddress = { $0 == address }
        request.limits.connect = min(request.limits.connect, Self.connectLimit)
        return request
    }
}

/// A URL with the addresses that were checked for it.
package struct Destination: Sendable {
    package let url: GuardedURL
    /// At least one.
    let addresses: [[UInt8]]

    /// Addresses tried for one request.
    static let triedMax = 3
}

/// Why it is not known where a URL leads, or why it is not followed there.
package enum DestinationError: Error, Sendable, Equatable {
    case refused(URLRefusal)
    case unresolved(HostResolverError)
}
