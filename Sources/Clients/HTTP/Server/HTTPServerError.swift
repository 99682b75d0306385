internal import Glibc

/// Why a server cannot listen or accept, or why a request body ends early.
package enum HTTPServerError: Error, Equatable, CustomStringConvertible {
    /// The host is neither a numeric address nor `localhost`.
    case badAddress(String)
    case system(call: String, errno: CInt)
    case stopped
    /// The peer went away in the middle of the body.
    case connectionLost
    /// Nothing came for `bodyIdle`; the peer will be told 408.
    case bodyTimedOut
    /// A chunked body grew beyond `bodyBytes`; the peer will be told 413.
    case bodyTooLarge
    /// The chunks are not well formed; the peer will be told 400.
    case malformedBody(String)
    /// The handler has already returned.
    case requestEnded
    /// Two tasks read the same body at the same time.
    case alreadyReading

    /// Whether somebody else listens at that address.
    package var isAddressTaken: Bool {
        if case .system(_, EADDRINUSE) = self { true } else { false }
    }

    package var description: String {
        switch self {
        case .badAddress(let host): "\(host) is no numeric address to listen on"
        case .system(let call, let errno): "\(call) failed: \(String(cString: strerror(errno)))"
        case .stopped: "the server has been stopped"
        case .connectionLost: "the peer left in the middle of the request body"
        case .bodyTimedOut: "the peer sent nothing more of the request body"
        case .bodyTooLarge: "the request body is larger than the server accepts"
        case .malformedBody(let reason): "the request body is malformed: \(reason)"
        case .requestEnded: "the request body was read after its handler had returned"
        case .alreadyReading: "the request body is being read by another task"
        }
    }
}
