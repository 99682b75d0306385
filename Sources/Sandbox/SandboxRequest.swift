package import HTTP
internal import JSON

/// One request as the rules see it; small enough to write down in a test.
package struct SandboxRequest: Sendable {
    package var method: String
    /// Percent-decoded, without the query.
    package var path: String
    package var query: [(String, String)]
    package var headers: HTTPHeaders
    package var body: [UInt8]
    /// As announced; `nil` when the client sent none.
    package var contentLength: Int64?

    package init(
        _ method: String,
        _ path: String,
        query: [(String, String)] = [],
        headers: HTTPHeaders = [:],
        body: [UInt8] = [],
        contentLength: Int64? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.contentLength = contentLength
    }

    var endpoint: SandboxEndpoint { SandboxEndpoint(path: path) }

    func queryValue(_ name: String) -> String? {
        query.first { $0.0 == name }?.1
    }

    /// The token of `Authorization: Bearer …`.
    var bearer: String? {
        guard let value = headers["Authorization"], value.hasPrefix("Bearer ") else { return nil }
        return String(value.dropFirst("Bearer ".count))
    }

    /// The media type without parameters, in lower case.
    var mediaType: String? {
        headers["Content-Type"]?.split(separator: ";", omittingEmptySubsequences: false).first
            .map { $0.lowercased().filter { !$0.isWhitespace } }
    }
}

/// What is sent back, and how.
package struct SandboxAnswer: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: [UInt8]
    package var delivery: Delivery = .whole
    /// TikTok's error code, for the journal.
    var code = ""

    package enum Delivery: Sendable, Equatable {
        case whole
        case slowly(bytesPerSecond: Int)
        /// Ends the connection after so many bytes of the body.
        case truncated(after: Int)
        case reset
        case hang
    }

    init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = [], code: String = "") {
        self.status = status
        self.headers = headers
        self.body = body
        self.code = code
    }

    static func json(_ value: JSONValue, status: Int = 200, code: String = "ok") -> SandboxAnswer {
        SandboxAnswer(
            status: status,
            headers: ["Content-Type": "application/json"],
            body: value.encoded,
            code: code
        )
    }

    static func text(_ text: String, status: Int, headers: HTTPHeaders = [:]) -> SandboxAnswer {
        var headers = headers
        headers.add("Content-Type", "text/plain")
        return SandboxAnswer(status: status, headers: headers, body: Array(text.utf8))
    }
}

/// Why a request was not done; the answer's HTTP status, code and words.
struct Refusal: Error {
    var status: Int
    var code: String
    var message: String
    /// Whether a correct client would never have sent this.
    var isViolation = false

    /// The code is replaced by the configured spelling of `invalid_params`.
    static func invalid(_ message: String) -> Refusal {
        Refusal(status: 400, code: invalidCode, message: message, isViolation: true)
    }

    static let invalidCode = "invalid_params"

    /// Most 403s carry one generic sentence; clients must branch on the code.
    static func forbidden(_ code: String) -> Refusal {
        Refusal(
            status: 403,
            code: code,
            message: "Please review our integration guidelines at "
                + "https://developers.tiktok.com/doc/content-sharing-guidelines/"
        )
    }

    static let tokenInvalid = Refusal(
        status: 401,
        code: "access_token_invalid",
        message: "The access token is invalid or not found in the request."
    )

    static let scopeMissing = Refusal(
        status: 401,
        code: "scope_not_authorized",
        message: "The user did not authorize the scope required for completing this request."
    )

    static let rateLimited = Refusal(
        status: 429,
        code: "rate_limit_exceeded",
        message: "The API rate limit was exceeded. Please try again later."
    )
}
