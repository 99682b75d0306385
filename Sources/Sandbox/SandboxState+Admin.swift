internal import JSON

// MARK: The surface under /sandbox/

extension SandboxState {
    static let accountsMax = 10_000
    static let codesMax = 10_000

    /// Makes or replaces an account and connects it; tokens handed out before stay alive.
    package mutating func addAccount(
        _ account: SandboxAccount,
        at instant: Int64
    ) -> SandboxConnection {
        accounts[account.openID] = account
        return connect(
            account,
            scopes: account.scopes,
            accessToken: account.accessToken,
            refreshToken: account.refreshToken,
            at: instant + advancedBy
        )
    }

    /// Registers a consent as if its owner had just given it; good for ten minutes.
    package mutating func addCode(_ code: SandboxCode, at instant: Int64) {
        let now = instant + advancedBy
        codes = codes.filter { $0.value.expiresAt > now }
        codes[code.code] = PendingCode(consent: code, expiresAt: now + 600_000)
    }

    /// Plans a fault behind those already planned.
    ///
    /// - Returns: false when there are too many.
    @discardableResult
    package mutating func addFault(_ fault: SandboxFault) -> Bool {
        guard faults.count < Self.faultsMax else { return false }
        faults.append(PlannedFault(fault: fault))
        return true
    }

    package mutating func clearFaults() {
        faults = []
    }

    package mutating func advanceClock(by duration: Duration) {
        advancedBy += duration.milliseconds
    }

    package mutating func change(_ body: (inout SandboxOptions) -> Void) {
        body(&options)
    }

    /// What the owner does with a draft in the app.
    ///
    /// - Returns: false when there is no such draft in the inbox.
    package mutating func publishDraft(
        _ publishID: String,
        privacy: String,
        at instant: Int64
    ) -> Bool {
        let now = instant + advancedBy
        guard posts[publishID]?.status(at: now, options) == "SEND_TO_USER_INBOX" else {
            return false
        }
        posts[publishID]?.isUsedByOwner = true
        posts[publishID]?.privacy = privacy
        return true
    }

    /// Forgets everything but the options and the address.
    package mutating func reset() {
        let old = self
        self = SandboxState(old.options)
        publicURL = old.publicURL
        uploadURL = old.uploadURL
    }

    package var entries: [SandboxEntry] { journal.entries }

    // MARK: Over HTTP

    /// Answers 200 with JSON, 400 `{"error":…}` for what cannot be read, 404 and 405.
    mutating func administer(_ request: SandboxRequest, at instant: Int64) -> SandboxAnswer {
        do throws(Refusal) {
            return .json(try administration(request, at: instant))
        } catch {
            return .json(
                ["error": .string(error.message)],
                status: error.status,
                code: error.code
            )
        }
    }

    private mutating func administration(
        _ request: SandboxRequest,
        at instant: Int64
    ) throws(Refusal) -> JSONValue {
        switch (request.method, request.path) {
        case ("GET", "/sandbox/health"): return ["ok": true]
        case ("GET", "/sandbox/report"): return report(at: instant).json
        case ("GET", "/sandbox/journal"):
            return [
                "entries": .array(entries.map(\.json)),
                "violations": .array(journal.violations.map(\.json)),
            ]
        case ("DELETE", "/sandbox/faults"): clearFaults()
        case ("POST", "/sandbox/reset"): reset()
        case ("POST", "/sandbox/accounts"): return try postAccount(request, at: instant)
        case ("POST", "/sandbox/codes"): try postCode(try fields(of: request), at: instant)
        case ("POST", "/sandbox/faults"): try postFaults(request)
        case ("POST", "/sandbox/options"): try postOptions(try fields(of: request))
        case ("POST", "/sandbox/clock"):
            let seconds = try fields(of: request).requiredInteger("advance_seconds")
            guard (0...315_360_000).contains(seconds) else {
                throw .invalid("advance_seconds must be 0 to 315360000")
            }
            advanceClock(by: .seconds(seconds))
        case ("POST", "/sandbox/disconnect"):
            let openID = try fields(of: request).requiredText("open_id")
            disconnect(openID, at: instant + advancedBy)
        case ("POST", "/sandbox/drafts/publish"):
            let body = try fields(of: request)
            let privacy = try body.text("privacy_level") ?? "PUBLIC_TO_EVERYONE"
            let publishID = try body.requiredText("publish_id")
            guard publishDraft(publishID, privacy: privacy, at: instant) else {
                throw .invalid("publish_id is no draft in the inbox")
            }
        default: throw Self.unsupportedPath
        }
        return ["ok": true]
    }

    private mutating func postAccount(
        _ request: SandboxRequest,
        at instant: Int64
    ) throws(Refusal) -> JSONValue {
        let account = try SandboxAccount(try fields(of: request))
        guard accounts.count < Self.accountsMax || accounts[account.openID] != nil else {
            throw .invalid("there are \(Self.accountsMax) accounts already")
        }
        return addAccount(account, at: instant).json
    }

    private mutating func postCode(_ body: Fields, at instant: Int64) throws(Refusal) {
        let code = SandboxCode(
            try body.requiredText("code"),
            openID: try body.requiredText("open_id"),
            redirectURI: try body.requiredText("redirect_uri"),
            challenge: try body.text("challenge"),
            scopes: try body.texts("scopes")
        )
        guard codes.count < Self.codesMax else { throw .invalid("there are too many codes") }
        addCode(code, at: instant)
    }

    private mutating func postFaults(_ request: SandboxRequest) throws(Refusal) {
        guard let value = try? JSONValue(parsing: request.body) else {
            throw .invalid("The body is not JSON")
        }
        var planned: [SandboxFault] = []
        for element in value.array ?? [value] {
            planned.append(try SandboxFault(try Fields(element)))
        }
        guard faults.count + planned.count <= Self.faultsMax else {
            throw .invalid("there may be \(Self.faultsMax) faults")
        }
        for fault in planned { addFault(fault) }
    }

    private mutating func postOptions(_ body: Fields) throws(Refusal) {
        var changed = options
        try changed.read(body)
        options = changed
    }
}

extension SandboxState {
    /// The byte sink has no other trace.
    mutating func countSink() {
        requestCounts[.sink, default: 0] += 1
    }
}
