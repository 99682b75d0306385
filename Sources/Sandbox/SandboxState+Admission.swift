internal import JSON

/// Whoever holds a living access token.
struct Caller {
    let account: SandboxAccount
    let scopes: [String]

    var openID: String { account.openID }
}

/// Requests are counted for each token and endpoint apart.
struct RateKey: Hashable {
    let token: String
    let endpoint: SandboxEndpoint
}

// MARK: The checks every endpoint shares

extension SandboxState {
    /// Path and method, before anything else.
    mutating func checkRoute(_ request: SandboxRequest) throws(Refusal) {
        let endpoint = request.endpoint
        guard endpoint != .unknown else {
            var refusal = Self.unsupportedPath
            if SandboxEndpoint(path: request.path + "/") != .unknown {
                refusal.message = "All paths end with a slash"
            }
            throw refusal
        }
        guard request.method == endpoint.method else {
            throw Refusal(
                status: 405,
                code: "unsupported_method",
                message: "Only \(endpoint.method) is supported here",
                isViolation: true
            )
        }
    }

    /// Token, scope, rate and content type, in that order.
    ///
    /// Every request with a living token counts against its minute, except those refused for it.
    mutating func admit(_ request: SandboxRequest, at now: Int64) throws(Refusal) -> Caller {
        let endpoint = request.endpoint
        guard let text = request.bearer else {
            noteViolation("\(endpoint.rawValue): no bearer token", at: now)
            throw .tokenInvalid
        }
        guard let token = accessTokens[text], now < token.expiresAt,
            let account = accounts[token.openID]
        else { throw .tokenInvalid }
        guard endpoint.scopes.contains(where: token.scopes.contains) else {
            throw .scopeMissing
        }
        try countRequest(RateKey(token: text, endpoint: endpoint), at: now)
        if endpoint.method == "POST", request.mediaType != "application/json" {
            throw .invalid("Content-Type must be application/json; charset=UTF-8")
        }
        return Caller(account: account, scopes: token.scopes)
    }

    private mutating func countRequest(_ key: RateKey, at now: Int64) throws(Refusal) {
        guard let limit = options.requestsPerMinute[key.endpoint] else { return }
        var times = requestTimes[key, default: []]
        times.removeAll { $0 <= now - 60_000 }
        guard times.count < limit else {
            requestTimes[key] = times
            throw .rateLimited
        }
        times.append(now)
        requestTimes[key] = times
    }

    /// The body of a JSON endpoint.
    func fields(of request: SandboxRequest) throws(Refusal) -> Fields {
        guard let value = try? JSONValue(parsing: request.body) else {
            throw .invalid("The body is not JSON")
        }
        return try Fields(value)
    }

    // MARK: Caps

    /// What an init of a direct post checks, and `creator_info` says beforehand.
    func directRefusal(_ account: SandboxAccount, at now: Int64) -> String? {
        if account.isBanned { return "spam_risk_user_banned_from_posting" }
        if started(.direct, by: account, at: now) >= account.postsPerDay {
            return "spam_risk_too_many_posts"
        }
        let cap = options.activeCreatorsPerDay ?? (options.isAudited ? nil : 5)
        if let cap, !isActive(account.openID, at: now) {
            let active = activeCreators.values.count { $0 > now - Self.dayMilliseconds }
            if active >= cap { return "reached_active_user_cap" }
        }
        return nil
    }

    func draftRefusal(_ account: SandboxAccount, at now: Int64) -> String? {
        if account.isBanned { return "spam_risk_user_banned_from_posting" }
        if started(.draft, by: account, at: now) >= account.pendingDrafts {
            return "spam_risk_too_many_pending_share"
        }
        return nil
    }

    static let dayMilliseconds: Int64 = 86_400_000

    private func isActive(_ openID: String, at now: Int64) -> Bool {
        activeCreators[openID].map { $0 > now - Self.dayMilliseconds } ?? false
    }

    /// Posts begun within 24 hours that still hold a place.
    ///
    /// Those are not failed, not abandoned, and drafts are not yet used by the owner. The window
    /// rolls; nothing is reset at midnight.
    private func started(_ mode: Post.Mode, by account: SandboxAccount, at now: Int64) -> Int {
        var count = 0
        for publishID in (publishIDsOfAccount[account.openID] ?? []).reversed() {
            guard let post = posts[publishID], post.createdAt > now - Self.dayMilliseconds else {
                break
            }
            let holdsPlace =
                post.mode == mode && !post.isUsedByOwner && !post.isAbandoned(at: now, options)
                && post.failReason(at: now, options) == nil
            if holdsPlace { count += 1 }
        }
        return count
    }
}
