internal import HTTP

/// One request and how it was answered; never a token.
package struct SandboxEntry: Sendable {
    package let number: Int64
    /// Milliseconds since 1970 by the sandbox's clock, when it was answered or broke off.
    package let at: Int64
    /// The same of its beginning: a PUT lasts as long as its body takes.
    package let beganAt: Int64
    package let endpoint: SandboxEndpoint
    package let method: String
    package let path: String
    /// The caller's `open_id`, where the token or the address told.
    package let openID: String?
    /// The post to whose upload address a PUT came.
    package let publishID: String?
    /// 0: no answer was sent.
    package let status: Int
    package let code: String
    /// What of the request explains the answer, such as its range.
    package let detail: String
    /// The fault that hit, in words.
    package let fault: String?
}

/// A request that a correct client would never send.
package struct SandboxViolation: Sendable {
    package let at: Int64
    package let what: String
}

/// What happened, the newest of it.
struct Journal {
    let limit: Int
    private(set) var entries: [SandboxEntry] = []
    private(set) var violations: [SandboxViolation] = []
    /// Also those no longer kept.
    private(set) var violationCount = 0

    init(limit: Int) {
        self.limit = max(limit, 1)
    }

    mutating func add(_ entry: SandboxEntry) {
        entries.append(entry)
        // Dropping a quarter at a time keeps the cost of each entry constant.
        if entries.count > limit + limit / 4 { entries.removeFirst(entries.count - limit) }
    }

    mutating func add(_ violation: SandboxViolation) {
        violationCount += 1
        violations.append(violation)
        if violations.count > limit + limit / 4 {
            violations.removeFirst(violations.count - limit)
        }
    }
}

extension SandboxState {
    mutating func note(
        _ request: SandboxRequest,
        _ answer: SandboxAnswer,
        at now: Int64,
        beganAt: Int64? = nil,
        caller: String?,
        publishID: String? = nil,
        fault: SandboxFault?
    ) {
        let isSilent = answer.delivery == .reset || answer.delivery == .hang
        journal.add(
            SandboxEntry(
                number: nextNumber(),
                at: now,
                beganAt: beganAt ?? now,
                endpoint: request.endpoint,
                method: String(request.method.prefix(16)),
                path: String(request.path.prefix(200)),
                openID: caller,
                publishID: publishID,
                status: isSilent ? 0 : answer.status,
                code: answer.code,
                detail: String((request.headers["Content-Range"] ?? "").prefix(100)),
                fault: fault.map { String("\($0.action)".prefix(100)) }
            )
        )
    }

    mutating func noteViolation(_ what: String, at now: Int64) {
        guard options.countsViolations else { return }
        journal.add(SandboxViolation(at: now, what: what))
    }
}
