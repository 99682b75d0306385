internal import HTTP
internal import JSON

/// Something that goes wrong on purpose.
package struct SandboxFault: Sendable {
    /// `nil`: any endpoint of the API and the upload addresses.
    package var endpoint: SandboxEndpoint?
    /// Only for this account; `nil`: for everyone.
    package var openID: String?
    /// Matching requests that pass first.
    package var skip = 0
    /// How many requests are hit; `nil`: without end.
    package var count: Int? = 1
    /// The chance that a matching request is hit.
    package var probability = 1.0
    package var action: Action

    package enum Action: Sendable, Equatable {
        /// Refused with this status and, where there is a body, this code; nothing is done.
        case refuse(status: Int, code: String, retryAfter: Int? = nil)
        /// Any answer at all; nothing is done.
        case body(status: Int, type: String, text: String)
        /// Reset before anything is done.
        case resetBefore
        /// Done, but the answer is lost by a reset.
        case resetAfter
        case hangBefore
        case hangAfter
        /// Done; the answer drips.
        case slow(bytesPerSecond: Int)
        /// Done; the answer ends after so many bytes.
        case truncated(after: Int)
        /// Done; the answer says something else.
        case replaced(status: Int, type: String, text: String)
        /// An upload PUT: reset once so many bytes of the body were read; nothing is stored.
        case resetMidway(afterBytes: Int)
        /// An upload PUT: answered with this status and progress (`nil`: the true one), not stored.
        case progress(status: Int, bytes: Int64? = nil)
        /// An init: succeeds, and the post ends as FAILED with this `fail_reason`.
        case publishFails(reason: String)
    }

    /// The documented values of `fail_reason`.
    package static let failReasons = [
        "file_format_check_failed", "duration_check_failed", "frame_rate_check_failed",
        "picture_size_check_failed", "internal", "video_pull_failed", "photo_pull_failed",
        "publish_cancelled", "auth_removed", "spam_risk_too_many_posts",
        "spam_risk_user_banned_from_posting", "spam_risk_text", "spam_risk",
    ]

    package init(
        _ endpoint: SandboxEndpoint?,
        _ action: Action,
        openID: String? = nil,
        skip: Int = 0,
        count: Int? = 1,
        probability: Double = 1
    ) {
        self.endpoint = endpoint
        self.action = action
        self.openID = openID
        self.skip = skip
        self.count = count
        self.probability = probability
    }
}

/// A fault with how many requests matched it and how many it hit.
struct PlannedFault {
    let fault: SandboxFault
    var seen = 0
    var hits = 0

    var isDue: Bool {
        seen > fault.skip && (fault.count.map { hits < $0 } ?? true)
    }
}

// MARK: What a fault does to an answer

extension SandboxFault {
    /// How the post will end, where the fault concerns that.
    var verdict: String? {
        guard case .publishFails(let reason) = action else { return nil }
        return reason
    }

    /// The answer when nothing is to be done; `nil` when the request takes effect.
    func answerBefore(_ endpoint: SandboxEndpoint, logID: String) -> SandboxAnswer? {
        switch action {
        case .refuse(let status, let code, let retryAfter):
            var answer = Self.refusal(endpoint, status: status, code: code, logID: logID)
            if let retryAfter { answer.headers.add("Retry-After", String(retryAfter)) }
            return answer
        case .body(let status, let type, let text):
            return Self.other(status, type, text)
        case .progress(let status, _):
            return SandboxAnswer(status: status)
        case .resetBefore:
            return Self.silent(.reset)
        case .hangBefore:
            return Self.silent(.hang)
        case .resetAfter, .hangAfter, .slow, .truncated, .replaced, .resetMidway, .publishFails:
            return nil
        }
    }

    /// Spoils the answer of a request that took effect.
    func change(_ answer: inout SandboxAnswer) {
        switch action {
        case .resetAfter, .resetMidway: answer.delivery = .reset
        case .hangAfter: answer.delivery = .hang
        case .slow(let bytesPerSecond): answer.delivery = .slowly(bytesPerSecond: bytesPerSecond)
        case .truncated(let bytes): answer.delivery = .truncated(after: bytes)
        case .replaced(let status, let type, let text): answer = Self.other(status, type, text)
        case .refuse, .body, .resetBefore, .hangBefore, .progress, .publishFails: break
        }
    }

    private static func refusal(
        _ endpoint: SandboxEndpoint,
        status: Int,
        code: String,
        logID: String
    ) -> SandboxAnswer {
        let words = "Scripted by a fault"
        switch endpoint.family {
        case .bytes:
            return .text(words, status: status)
        case .oauth:
            let error: JSONValue = [
                "error": .string(code), "error_description": .string(words),
                "log_id": .string(logID),
            ]
            return .json(error, status: status, code: code)
        case .envelope:
            let error: JSONValue = [
                "code": .string(code), "message": .string(words), "log_id": .string(logID),
            ]
            return .json(["data": [:], "error": error], status: status, code: code)
        }
    }

    private static func other(_ status: Int, _ type: String, _ text: String) -> SandboxAnswer {
        SandboxAnswer(status: status, headers: ["Content-Type": type], body: Array(text.utf8))
    }

    private static func silent(_ delivery: SandboxAnswer.Delivery) -> SandboxAnswer {
        var answer = SandboxAnswer(status: 0)
        answer.delivery = delivery
        return answer
    }
}

// MARK: Choosing

extension SandboxState {
    static let faultsMax = 1000

    /// Every fault counts the requests that match it, also those that another one hits.
    ///
    /// - Returns: the first that is due, in the order they were given.
    mutating func takeFault(_ endpoint: SandboxEndpoint, openID: String?) -> SandboxFault? {
        guard endpoint != .sink, endpoint != .unknown else { return nil }
        var due: Int?
        for index in faults.indices {
            let fault = faults[index].fault
            guard fault.endpoint == nil || fault.endpoint == endpoint,
                fault.openID == nil || fault.openID == openID
            else { continue }
            faults[index].seen += 1
            guard due == nil, faults[index].isDue else { continue }
            if fault.probability < 1, Double.random(in: 0..<1, using: &random) >= fault.probability
            {
                continue
            }
            due = index
        }
        guard let due else { return nil }
        faults[due].hits += 1
        return faults[due].fault
    }
}
