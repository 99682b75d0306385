internal import CCurl

/// What holds for libcurl as a whole.
enum CurlLibrary {
    /// Sets libcurl up, once in a process, before anything else of it is called.
    ///
    /// A libcurl that resolves names on the calling thread would stop the event loop for seconds;
    /// one without TLS could reach no service. Neither is worth starting with.
    static let setUp: Void = {
        let code = curl_global_init(Int(CURL_GLOBAL_SSL))
        precondition(code == CURLE_OK, "libcurl could not be set up: \(text(of: code))")
        let features = curl_features()
        precondition(
            features & CURL_VERSION_ASYNCHDNS != 0,
            "this libcurl resolves names on the calling thread; one with AsynchDNS is needed"
        )
        precondition(features & CURL_VERSION_SSL != 0, "this libcurl has no TLS")
    }()

    static func text(of code: CURLcode) -> String {
        curl_easy_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
    }
}
