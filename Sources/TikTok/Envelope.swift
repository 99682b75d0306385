internal import HTTP
internal import JSON

/// An answer that says `ok`: `{"data": …, "error": {"code": "ok", "log_id": …}}`.
///
/// The body decides before the status does: TikTok refuses with HTTP 200 where it likes. Only the
/// code `ok` under a 2xx status is a yes.
struct Envelope {
    let endpoint: Endpoint
    let httpStatus: Int
    /// An empty object when TikTok sends none.
    let data: JSONValue
    let logID: String?

    /// Reads an answer; the secrets that the request carried are removed from TikTok's words.
    init(
        _ response: HTTPResponse,
        from endpoint: Endpoint,
        hiding secrets: [String]
    ) throws(TikTokError) {
        let reply = ReplyBody(response, from: endpoint, hiding: secrets)
        guard reply.root != nil else { throw reply.withoutCode("no JSON object") }
        guard let code = reply.code else { throw reply.withoutCode("no error code") }
        guard code == "ok" else { throw reply.refused(code) }
        guard (200...299).contains(response.status) else { throw reply.withoutCode("") }
        self.endpoint = endpoint
        httpStatus = response.status
        data = reply.root?["data"] ?? [:]
        logID = reply.logID
    }

    /// The error for a yes that lacks what it should bring.
    func unreadable(_ reason: String) -> TikTokError {
        .unreadable(
            UnreadableReply(
                endpoint: endpoint,
                httpStatus: httpStatus,
                reason: reason,
                logID: logID
            )
        )
    }
}

/// What both JSON shapes have in common: a code, some words and a log id somewhere.
struct ReplyBody {
    let endpoint: Endpoint
    let httpStatus: Int
    /// `nil` when the body is no JSON object.
    let root: JSONValue?
    let logID: String?
    let retryAfter: Duration?
    private let secrets: [String]

    init(_ response: HTTPResponse, from endpoint: Endpoint, hiding secrets: [String]) {
        self.endpoint = endpoint
        self.secrets = secrets
        httpStatus = response.status
        retryAfter = RetryAfter.read(response.headers)
        // What is no JSON is judged by its status; the parser's words would add nothing.
        let parsed = try? JSONValue(parsing: response.body)
        root = parsed?.object == nil ? nil : parsed
        logID = LogID.find(in: root)
    }

    /// `error.code`, or `error` itself where it is flat; `nil` when absent or blank.
    var code: String? {
        let found = root?["error"]?["code"]?.string ?? root?["error"]?.string
        return found?.isEmpty == false ? found : nil
    }

    func refused(_ code: String) -> TikTokError {
        refused(TikTokErrorCode(code))
    }

    /// No code to go by: the status decides, and a 2xx says nothing.
    func withoutCode(_ reason: String) -> TikTokError {
        guard !(200...299).contains(httpStatus) else { return unreadable(reason) }
        return refused(TikTokErrorCode(httpStatus: httpStatus))
    }

    func unreadable(_ reason: String) -> TikTokError {
        .unreadable(
            UnreadableReply(
                endpoint: endpoint,
                httpStatus: httpStatus,
                reason: reason,
                logID: logID,
                retryAfter: retryAfter
            )
        )
    }

    private func refused(_ code: TikTokErrorCode) -> TikTokError {
        let words = root?["error"]?["message"]?.string ?? root?["error_description"]?.string
        return .refused(
            TikTokRefusal(
                endpoint: endpoint,
                code: code,
                httpStatus: httpStatus,
                message: (words ?? "").hiding(secrets).cleaned(limit: 500),
                logID: logID,
                retryAfter: retryAfter
            )
        )
    }
}

/// TikTok's name for a request.
enum LogID {
    /// Looks where the pages and the samples put it: `log_id`, in prose `logid`, in `error` or
    /// beside.
    static func find(in root: JSONValue?) -> String? {
        let found =
            root?["error"]?["log_id"]?.string ?? root?["error"]?["logid"]?.string
            ?? root?["log_id"]?.string ?? root?["logid"]?.string
        guard let found, !found.isEmpty else { return nil }
        return found.cleaned(limit: 128)
    }
}

extension JSONValue {
    /// A whole number, also where it comes as a string of digits or as `1.0`.
    var wholeNumber: Int64? {
        switch self {
        case .integer(let value): value
        case .string(let text): TikTok.wholeNumber(text)
        case .double(let value): Int64(exactly: value)
        case .null, .bool, .array, .object: nil
        }
    }

    /// Text that is there and not empty.
    var someText: String? {
        guard case .string(let text) = self, !text.isEmpty else { return nil }
        return text
    }
}
