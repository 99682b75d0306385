internal import CCurl

/// What is known about a transfer when curl gives it up.
struct CurlFailure {
    let code: CURLcode
    /// curl's own sentence, or that of the code.
    let text: String
    let phase: HTTPPhase
    let bytesSent: Int64
    let requestMayHaveArrived: Bool

    private var hasConnected: Bool { phase > .connecting }

    /// The case of `HTTPError` for each number curl may give.
    var error: HTTPError {
        switch code {
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
            hasConnected ? .malformedResponse(text) : other
        case CURLE_URL_MALFORMAT:
            hasConnected ? other : .badURL(.malformed(text))
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY:
            hasConnected ? connectionLost : .proxy(text)
        case CURLE_COULDNT_RESOLVE_HOST:
            .cannotResolve(text)
        case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED, CURLE_NO_CONNECTION_AVAILABLE:
            hasConnected ? connectionLost : .cannotConnect(text)
        case CURLE_OPERATION_TIMEDOUT:
            hasConnected ? .timedOut(phase) : .connectTimedOut
        case CURLE_FILESIZE_EXCEEDED:
            .responseTooLarge(.body(announced: nil))
        case Self.tooLarge:
            .responseTooLarge(.headers)
        case CURLE_READ_ERROR:
            .bodySource(text, requestMayHaveArrived: requestMayHaveArrived)
        default:
            errorOfTLSOrConnection
        }
    }

    private var errorOfTLSOrConnection: HTTPError {
        switch code {
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED:
            hasConnected ? connectionLost : .tls(text)
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE,
            CURLE_SEND_FAIL_REWIND, CURLE_UPLOAD_FAILED, CURLE_SSL_SHUTDOWN_FAILED,
            CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_HTTP3, CURLE_QUIC_CONNECT_ERROR,
            CURLE_UNRECOVERABLE_POLL, CURLE_AGAIN:
            connectionLost
        default:
            other
        }
    }

    private var connectionLost: HTTPError {
        .connectionLost(text, bytesSent: bytesSent, requestMayHaveArrived: requestMayHaveArrived)
    }

    /// Memory, options, other protocols: nothing a server or a network can bring about.
    private var other: HTTPError {
        .other(
            code: Int(code.rawValue),
            text,
            requestMayHaveArrived: requestMayHaveArrived
        )
    }

    /// `CURLE_TOO_LARGE`, which libcurl 7.88 does not know yet.
    private static let tooLarge = CURLcode(rawValue: 100)
}
