internal import TikTok

/// Where webhooks come in, and whose they are.
struct WebhookSettings: Sendable {
    /// A numeric address, or `localhost`.
    let host: String
    let port: UInt16
    let client: ClientCredentials
}

extension SettingReader {
    /// `nil`: off.
    ///
    /// - Parameter client: the app's key and secret, if both are set.
    mutating func webhooks(_ client: ClientCredentials?) -> WebhookSettings? {
        guard let address = text(.webhookAddress) else { return nil }
        guard let (host, port) = Self.listenAddress(address) else {
            refuse(
                .webhookAddress,
                "must be host:port with a numeric host, as in 127.0.0.1:9443 or [::1]:9443"
            )
            return nil
        }
        for setting in [Setting.clientKey, .clientSecret] where text(setting) == nil {
            refuse(
                setting,
                "is required while \(Setting.webhookAddress.name) is set: TikTok signs webhooks "
                    + "with the app's secret, and names its key in them"
            )
        }
        return client.map { WebhookSettings(host: host, port: port, client: $0) }
    }

    /// A host name is none: nothing is resolved to listen.
    private static func listenAddress(_ text: String) -> (String, UInt16)? {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        let isNumeric = host.utf8.allSatisfy { "0123456789abcdefABCDEF:.".utf8.contains($0) }
        guard !host.isEmpty,
            isNumeric && host.contains(where: { $0 == "." || $0 == ":" })
                || host == "localhost"
        else { return nil }
        return (host, port)
    }
}
