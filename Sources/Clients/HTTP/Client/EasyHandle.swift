internal import CCurl

/// One transfer of curl's, from its options to its counts.
///
/// The C type is `CURL`.
struct EasyHandle: ~Copyable {
    let pointer: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    /// Lists that curl reads while it works; it does not copy them.
    private var lists: [UnsafeMutablePointer<curl_slist>] = []

    init() throws(HTTPError) {
        guard let pointer = curl_easy_init() else { throw Self.failure(CURLE_OUT_OF_MEMORY) }
        self.pointer = pointer
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(pointer)
        for list in lists { curl_slist_free_all(list) }
        errorText.deallocate()
    }

    /// Lets curl say more than a number about an error.
    borrowing func collectErrorText() throws(HTTPError) {
        try Self.check(curl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorText))
    }

    borrowing func set(_ option: CURLoption, _ value: Int) throws(HTTPError) {
        try Self.check(curl_set_long(pointer, option, value))
    }

    borrowing func set(_ option: CURLoption, offset value: Int64) throws(HTTPError) {
        try Self.check(curl_set_offset(pointer, option, curl_off_t(value)))
    }

    borrowing func set(_ option: CURLoption, _ value: String) throws(HTTPError) {
        try Self.check(curl_set_text(pointer, option, value))
    }

    borrowing func set(
        _ option: CURLoption,
        pointer value: UnsafeMutableRawPointer
    ) throws(HTTPError) {
        try Self.check(curl_set_pointer(pointer, option, value))
    }

    mutating func set(_ option: CURLoption, _ lines: [String]) throws(HTTPError) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else {
                curl_slist_free_all(list)
                throw Self.failure(CURLE_OUT_OF_MEMORY)
            }
            list = longer
        }
        guard let list else { return }
        lists.append(list)
        try Self.check(curl_set_list(pointer, option, list))
    }

    /// Bytes of the body that curl has handed to the kernel.
    var sentBodyBytes: Int64 {
        var count: curl_off_t = 0
        return curl_get_offset(pointer, CURLINFO_SIZE_UPLOAD_T, &count) == CURLE_OK
            ? Int64(count) : 0
    }

    /// Bytes of request headers that curl has written, over all attempts.
    var sentRequestBytes: Int {
        var count = 0
        // Not knowing must count as sent: callers decide by it whether to repeat a request.
        return curl_get_long(pointer, CURLINFO_REQUEST_SIZE, &count) == CURLE_OK ? count : 1
    }

    /// What the kernel still holds of the connection in use.
    var unacknowledgedBytes: CInt {
        var socket: curl_socket_t = -1
        guard curl_get_socket(pointer, &socket) == CURLE_OK, socket >= 0 else { return 0 }
        return curl_unacknowledged_bytes(socket)
    }

    /// curl's sentence about what went wrong, else that of the code; at most 255 bytes.
    func text(of code: CURLcode) -> String {
        errorText.pointee == 0 ? CurlLibrary.text(of: code) : String(cString: errorText)
    }

    static func check(_ code: CURLcode) throws(HTTPError) {
        guard code == CURLE_OK else { throw failure(code) }
    }

    private static func failure(_ code: CURLcode) -> HTTPError {
        .other(
            code: Int(code.rawValue),
            CurlLibrary.text(of: code),
            requestMayHaveArrived: false
        )
    }
}
