package import HTTP

/// Why a call to TikTok gave no result.
package enum TikTokError: Error, Sendable {
    /// TikTok answered, and the answer is no.
    case refused(TikTokRefusal)
    /// No answer came; ask `requestMayHaveArrived` before repeating a call that posts.
    case transport(Endpoint, HTTPError)
    /// An answer came that says neither yes nor no.
    case unreadable(UnreadableReply)
    /// TikTok handed out an upload address that is none of its hosts; nothing was sent there.
    case unsafeUploadAddress(Endpoint, UploadAddressError, logID: String?)

    package var endpoint: Endpoint {
        switch self {
        case .refused(let refusal): refusal.endpoint
        case .transport(let endpoint, _): endpoint
        case .unreadable(let reply): reply.endpoint
        case .unsafeUploadAddress(let endpoint, _, _): endpoint
        }
    }

    package var code: TikTokErrorCode {
        switch self {
        case .refused(let refusal): refusal.code
        case .transport: .known(.unreachable)
        case .unreadable: .known(.unreadableReply)
        case .unsafeUploadAddress: .known(.unsafeUploadAddress)
        }
    }

    /// TikTok's name for the request, which its support asks for.
    package var logID: String? {
        switch self {
        case .refused(let refusal): refusal.logID
        case .transport: nil
        case .unreadable(let reply): reply.logID
        case .unsafeUploadAddress(_, _, let logID): logID
        }
    }

    package var httpStatus: Int? {
        switch self {
        case .refused(let refusal): refusal.httpStatus
        case .transport, .unsafeUploadAddress: nil
        case .unreadable(let reply): reply.httpStatus
        }
    }

    /// How long TikTok asks us to wait, at most `RetryAfter.longest`.
    package var retryAfter: Duration? {
        switch self {
        case .refused(let refusal): refusal.retryAfter
        case .unreadable(let reply): reply.retryAfter
        case .transport, .unsafeUploadAddress: nil
        }
    }

    /// Whether it may be that TikTok as a whole is away, rather than that it refuses this request.
    package var isServersFault: Bool {
        switch self {
        case .refused(let refusal): refusal.httpStatus >= 500
        case .transport(_, let error): error.mayBeOutage
        case .unreadable(let reply): reply.httpStatus >= 500
        case .unsafeUploadAddress: false
        }
    }

    /// What to do about it, who can, and what to tell that person.
    package var entry: ErrorEntry {
        ErrorCatalogue.entry(for: code, httpStatus: httpStatus)
    }

    /// Whether TikTok may have done what was asked, although we have no yes.
    ///
    /// A refusal with a code below 500 did nothing (assumed, never documented). A lost, garbled or
    /// 5xx answer to an init that posts by itself (photos, pulled videos) is in doubt.
    package var mayHaveTakenEffect: Bool {
        switch self {
        case .refused(let refusal): refusal.httpStatus >= 500 || refusal.httpStatus == 408
        case .transport(_, let error): error.requestMayHaveArrived
        case .unreadable: true
        case .unsafeUploadAddress: false
        }
    }
}

extension TikTokError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .refused(let refusal): refusal.description
        case .transport(let endpoint, let error): "\(endpoint.rawValue): no answer: \(error)"
        case .unreadable(let reply): reply.description
        case .unsafeUploadAddress(let endpoint, let error, _):
            "\(endpoint.rawValue): the upload address was refused: \(error)"
        }
    }
}

/// An answer that says no.
package struct TikTokRefusal: Sendable, Equatable, CustomStringConvertible {
    package let endpoint: Endpoint
    package let code: TikTokErrorCode
    package let httpStatus: Int
    /// TikTok's words; empty when it says nothing.
    ///
    /// At most 500 characters, without control characters and the secrets the request carried.
    package let message: String
    package let logID: String?
    package let retryAfter: Duration?

    package init(
        endpoint: Endpoint,
        code: TikTokErrorCode,
        httpStatus: Int,
        message: String = "",
        logID: String? = nil,
        retryAfter: Duration? = nil
    ) {
        self.endpoint = endpoint
        self.code = code
        self.httpStatus = httpStatus
        self.message = message
        self.logID = logID
        self.retryAfter = retryAfter
    }

    package var description: String {
        let words = message.isEmpty ? "" : ": \(message)"
        let log = logID.map { ", log_id \($0)" } ?? ""
        return "\(endpoint.rawValue): \(code.text)\(words) (HTTP \(httpStatus)\(log))"
    }
}

/// An answer that cannot be understood; the body is not kept, it may hold anything.
package struct UnreadableReply: Sendable, Equatable, CustomStringConvertible {
    package let endpoint: Endpoint
    package let httpStatus: Int
    /// What is missing or wrong, in our words.
    package let reason: String
    package let logID: String?
    package let retryAfter: Duration?

    package init(
        endpoint: Endpoint,
        httpStatus: Int,
        reason: String,
        logID: String? = nil,
        retryAfter: Duration? = nil
    ) {
        self.endpoint = endpoint
        self.httpStatus = httpStatus
        self.reason = reason
        self.logID = logID
        self.retryAfter = retryAfter
    }

    package var description: String {
        let log = logID.map { ", log_id \($0)" } ?? ""
        return "\(endpoint.rawValue): unreadable answer: \(reason) (HTTP \(httpStatus)\(log))"
    }
}
