/// Why the server itself answers a request, and ends the connection, in place of the handler.
enum HTTPRefusal: Error, Equatable {
    case malformed(String)
    case timedOut
    case bodyTooLarge
    case requestLineTooLong
    case expectationUnknown
    case headTooLarge
    case badResponse
    case methodUnsupported
    case tooManyConnections
    case versionUnsupported

    var status: Int {
        switch self {
        case .malformed: 400
        case .timedOut: 408
        case .bodyTooLarge: 413
        case .requestLineTooLong: 414
        case .expectationUnknown: 417
        case .headTooLarge: 431
        case .badResponse: 500
        case .methodUnsupported: 501
        case .tooManyConnections: 503
        case .versionUnsupported: 505
        }
    }

    /// Never repeats what the peer sent.
    private var reason: String {
        switch self {
        case .malformed(let reason): reason
        case .timedOut: "the request did not arrive in time"
        case .bodyTooLarge: "the body is too large"
        case .requestLineTooLong: "the request line is too long"
        case .expectationUnknown: "only 100-continue can be expected"
        case .headTooLarge: "the header fields are too large or too many"
        case .badResponse: "the handler's response cannot be sent"
        case .methodUnsupported: "the method is not supported"
        case .tooManyConnections: "too many connections"
        case .versionUnsupported: "only HTTP/1.1 and HTTP/1.0 are spoken"
        }
    }

    var response: HTTPServerResponse {
        var response = HTTPServerResponse(status: status, text: "\(status): \(reason)\n")
        response.headers.add("Connection", "close")
        return response
    }

    /// What the handler's own read of the body throws.
    var bodyError: HTTPServerError {
        switch self {
        case .bodyTooLarge: .bodyTooLarge
        case .timedOut: .bodyTimedOut
        case .malformed(let reason): .malformedBody(reason)
        default: .malformedBody(reason)
        }
    }
}
