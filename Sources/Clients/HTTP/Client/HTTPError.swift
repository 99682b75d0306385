/// Why there is no answer.
package enum HTTPError: Error, Sendable, Equatable {
    /// The request breaks a rule of `HTTPRequest`; the text says which.
    case invalidRequest(String)
    case badURL(HTTPURLError)
    /// An `http:` URL without `allowsPlainHTTP`.
    case plainHTTPRefused
    /// As many requests wait as may.
    case busy
    /// The client was closed.
    case closed
    case cannotResolve(String)
    case cannotConnect(String)
    /// `checkAddress` said no.
    case refusedAddress(String)
    case connectTimedOut
    case proxy(String)
    /// The server's certificate or its TLS was not acceptable, or there is none.
    case tls(String)
    /// The time for this phase, or for the whole in this phase, was over.
    case timedOut(HTTPPhase)
    /// No byte moved for too long.
    case stalled(HTTPPhase)
    /// Closed or reset before the answer was complete.
    case connectionLost(String, bytesSent: Int64, requestMayHaveArrived: Bool)
    /// The `read` of the body failed or broke its promise.
    case bodySource(String, requestMayHaveArrived: Bool)
    case cancelled(requestMayHaveArrived: Bool)
    case responseTooLarge(HTTPResponsePart)
    case malformedResponse(String)
    /// A failure that libcurl has no business to report here, with its number.
    case other(code: Int, String, requestMayHaveArrived: Bool)

    /// Whether the server may have seen the request, or some of it, and acted on it.
    ///
    /// `false` only when surely no byte of it left.
    package var requestMayHaveArrived: Bool {
        switch self {
        case .invalidRequest, .badURL, .plainHTTPRefused, .busy, .closed, .cannotResolve,
            .cannotConnect, .refusedAddress, .connectTimedOut, .proxy, .tls:
            false
        case .timedOut(let phase), .stalled(let phase):
            phase > .connecting
        case .connectionLost(_, _, let mayHaveArrived), .bodySource(_, let mayHaveArrived),
            .cancelled(let mayHaveArrived), .other(_, _, let mayHaveArrived):
            mayHaveArrived
        case .responseTooLarge, .malformedResponse:
            true
        }
    }

    /// Whether the server, or the way to it, may be at fault rather than this request or program.
    package var mayBeOutage: Bool {
        switch self {
        case .cannotResolve, .cannotConnect, .connectTimedOut, .proxy, .tls, .timedOut, .stalled,
            .connectionLost, .malformedResponse, .other:
            true
        case .invalidRequest, .badURL, .plainHTTPRefused, .busy, .closed, .refusedAddress,
            .bodySource, .cancelled, .responseTooLarge:
            false
        }
    }
}

/// What a request is doing.
package enum HTTPPhase: Int, Sendable, Comparable {
    case waitingForTurn, connecting, sending
    /// Nothing to send because the `read` of the body has not answered.
    case readingBody
    case waitingForResponse, receiving

    package static func < (left: HTTPPhase, right: HTTPPhase) -> Bool {
        left.rawValue < right.rawValue
    }
}

package enum HTTPResponsePart: Sendable, Equatable {
    case headers
    /// With its length, where the server has told it.
    case body(announced: Int64?)
}
