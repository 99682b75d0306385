internal import CCurl

extension EasyHandle {
    /// Bytes curl takes from the body at a time; 256 KiB to 1 MiB measured the same, 64 KiB slower.
    private static let uploadBufferBytes: Int64 = 512 * 1024

    /// A handle with everything set that does not depend on the transfer's own state.
    static func prepared(
        for checked: CheckedRequest,
        options: HTTPClientOptions
    ) throws(HTTPError) -> EasyHandle {
        var easy = try EasyHandle()
        try easy.setAll(checked, options: options)
        return easy
    }

    private mutating func setAll(
        _ checked: CheckedRequest,
        options: HTTPClientOptions
    ) throws(HTTPError) {
        let request = checked.request
        try collectErrorText()
        try set(CURLOPT_URL, checked.url.text)
        try set(CURLOPT_HTTPHEADER, checked.headerLines)
        try set(CURLOPT_CONNECT_TO, checked.connectTo)
        try setMethod(request.method, bodyLength: request.body.length)
        try setProtocols(request, options: options)
        try setProxy(request.proxy)
        // Off by default in curl, said here because much depends on it.
        try set(CURLOPT_FOLLOWLOCATION, 0)
        // Time limits must not use signals, and giving a transfer up must not wait for a resolver.
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_QUICK_EXIT, 1)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_NOPROGRESS, 0)
        // curl divides this among several addresses; the watchdog keeps the limit itself.
        try set(CURLOPT_CONNECTTIMEOUT_MS, request.limits.connect.wholeMilliseconds)
    }

    /// Sets the method as it is spelt, and with a body its exact length.
    private borrowing func setMethod(
        _ method: String,
        bodyLength: Int64?
    ) throws(HTTPError) {
        if let bodyLength {
            try set(CURLOPT_UPLOAD, 1)
            try set(CURLOPT_INFILESIZE_LARGE, offset: bodyLength)
            let bytes = min(max(bodyLength, 16 * 1024), Self.uploadBufferBytes)
            try set(CURLOPT_UPLOAD_BUFFERSIZE, Int(bytes))
        } else if method == "HEAD" {
            try set(CURLOPT_NOBODY, 1)
        } else {
            try set(CURLOPT_HTTPGET, 1)
        }
        try set(CURLOPT_CUSTOMREQUEST, method)
    }

    private borrowing func setProtocols(
        _ request: HTTPRequest,
        options: HTTPClientOptions
    ) throws(HTTPError) {
        try set(CURLOPT_PROTOCOLS_STR, request.allowsPlainHTTP ? "http,https" : "https")
        let version = request.allowsHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
        try set(CURLOPT_HTTP_VERSION, Int(version))
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        if let path = options.trustedCertificates {
            try set(CURLOPT_CAINFO, path)
        }
    }

    /// Without a proxy asked for, the environment's proxies must not count either.
    private borrowing func setProxy(_ proxy: String?) throws(HTTPError) {
        try set(CURLOPT_PROXY, proxy ?? "")
        try set(CURLOPT_NOPROXY, proxy == nil ? "*" : "")
    }
}

extension HTTPBody {
    /// Bytes of a body; `nil` when there is none, as opposed to an empty one.
    var length: Int64? {
        switch self {
        case .none: nil
        case .bytes(let bytes): Int64(bytes.count)
        case .stream(let length, _): length
        }
    }
}

extension Duration {
    /// Rounded up.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let rest = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int(min(seconds, 1_000_000) * 1000 + rest)
    }
}
