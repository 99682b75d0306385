internal import JSON

// MARK: What the administrator sends and gets, as JSON

extension SandboxAccount {
    /// Reads one account; only `username` is needed.
    init(_ fields: Fields) throws(Refusal) {
        self.init(try fields.requiredText("username"))
        openID = try fields.text("open_id") ?? openID
        nickname = try fields.text("nickname") ?? nickname
        scopes = try fields.texts("scopes") ?? scopes
        isPrivate = try fields.bool("is_private") ?? isPrivate
        privacyOptions = try fields.texts("privacy_options")
        commentDisabled = try fields.bool("comment_disabled") ?? commentDisabled
        duetDisabled = try fields.bool("duet_disabled") ?? duetDisabled
        stitchDisabled = try fields.bool("stitch_disabled") ?? stitchDisabled
        maxVideoSeconds = try fields.integer("max_video_seconds") ?? maxVideoSeconds
        postsPerDay = try fields.count("posts_per_day") ?? postsPerDay
        pendingDrafts = try fields.count("pending_drafts") ?? pendingDrafts
        isBanned = try fields.bool("is_banned") ?? isBanned
        hasOldApp = try fields.bool("has_old_app") ?? hasOldApp
        accessToken = try fields.text("access_token")
        refreshToken = try fields.text("refresh_token")
    }

    /// Reads a list of accounts from a document, as `--accounts` takes them.
    ///
    /// - Throws: `SandboxDocumentError` with what is wrong.
    package static func list(
        parsing bytes: [UInt8]
    ) throws(SandboxDocumentError) -> [SandboxAccount] {
        guard let elements = try? JSONValue(parsing: bytes).array else {
            throw SandboxDocumentError(description: "the accounts are not a JSON list")
        }
        var accounts: [SandboxAccount] = []
        for element in elements {
            do throws(Refusal) {
                accounts.append(try SandboxAccount(try Fields(element)))
            } catch {
                throw SandboxDocumentError(description: error.message)
            }
        }
        return accounts
    }
}

/// Why a document for the sandbox cannot be read.
package struct SandboxDocumentError: Error, CustomStringConvertible {
    package let description: String
}

extension Sandbox {
    /// `{"url":…,"accounts":[…]}`, for whoever starts a sandbox as a process of its own.
    package func readyDocument(_ connections: [SandboxConnection]) -> [UInt8] {
        let ready: JSONValue = [
            "url": .string(url), "accounts": .array(connections.map(\.json)),
        ]
        return ready.encoded
    }
}

extension SandboxConnection {
    /// One line of JSON, tokens included.
    package var text: String { json.encodedText }

    var json: JSONValue {
        [
            "open_id": .string(openID),
            "scopes": .array(scopes.map { .string($0) }),
            "access_token": .string(accessToken), "refresh_token": .string(refreshToken),
            "expires_in": .integer(expiresIn), "refresh_expires_in": .integer(refreshExpiresIn),
        ]
    }
}

extension SandboxFault {
    /// `{"endpoint":"video_init","skip":1,"count":2,"probability":0.5,"action":{"kind":…}}`;
    /// `"count":0` means without end, `"nth":n` is short for `skip` n−1.
    init(_ fields: Fields) throws(Refusal) {
        if let name = try fields.text("endpoint") {
            guard let named = SandboxEndpoint(rawValue: name) else {
                throw .invalid("\(name) is no endpoint")
            }
            endpoint = named
        }
        openID = try fields.text("open_id")
        let nth = try fields.count("nth") ?? 1
        skip = try fields.count("skip") ?? max(nth - 1, 0)
        let hits = try fields.count("count") ?? 1
        count = hits == 0 ? nil : hits
        probability = try fields.number("probability") ?? 1
        action = try Action(try fields.fields("action"))
    }
}

extension SandboxFault.Action {
    init(_ fields: Fields) throws(Refusal) {
        switch try fields.requiredText("kind") {
        case "refuse":
            self = .refuse(
                status: try fields.status(),
                code: try fields.text("code") ?? "",
                retryAfter: try fields.count("retry_after")
            )
        case "body":
            self = .body(
                status: try fields.status(),
                type: try fields.type(),
                text: try fields.words()
            )
        case "replaced":
            self = .replaced(
                status: try fields.status(),
                type: try fields.type(),
                text: try fields.words()
            )
        case "reset_before": self = .resetBefore
        case "reset_after": self = .resetAfter
        case "hang_before": self = .hangBefore
        case "hang_after": self = .hangAfter
        case "slow": self = .slow(bytesPerSecond: try fields.count("bytes_per_second") ?? 1)
        case "truncated": self = .truncated(after: try fields.count("after") ?? 0)
        case "reset_midway": self = .resetMidway(afterBytes: try fields.count("after") ?? 0)
        case "progress":
            self = .progress(status: try fields.status(), bytes: try fields.integer("bytes"))
        case "publish_fails": self = .publishFails(reason: try fields.requiredText("reason"))
        default: throw .invalid("action.kind is unknown")
        }
    }
}

extension SandboxOptions {
    /// Takes over what a document names.
    mutating func read(_ fields: Fields) throws(Refusal) {
        isAudited = try fields.bool("is_audited") ?? isAudited
        rotatesRefreshTokens = try fields.bool("rotates_refresh_tokens") ?? rotatesRefreshTokens
        repeatedRefreshSeconds =
            try fields.integer("repeated_refresh_seconds") ?? repeatedRefreshSeconds
        acceptsReplayedChunks = try fields.bool("accepts_replayed_chunks") ?? acceptsReplayedChunks
        progressNamesLastByte = try fields.bool("progress_names_last_byte") ?? progressNamesLastByte
        checksFileFormat = try fields.bool("checks_file_format") ?? checksFileFormat
        accessTokenSeconds = try fields.integer("access_token_seconds") ?? accessTokenSeconds
        refreshTokenSeconds = try fields.integer("refresh_token_seconds") ?? refreshTokenSeconds
        processing = try fields.milliseconds("processing_ms") ?? processing
        download = try fields.milliseconds("download_ms") ?? download
        moderation = try fields.milliseconds("moderation_ms") ?? moderation
        activeCreatorsPerDay = try fields.count("active_creators_per_day") ?? activeCreatorsPerDay
        verifiedPrefixes = try fields.texts("verified_prefixes") ?? verifiedPrefixes
        verifiedDomains = try fields.texts("verified_domains") ?? verifiedDomains
        try webhooks.read(try fields.fieldsIfAny("webhooks"))
        let limits = try fields.fieldsIfAny("requests_per_minute")
        for endpoint in SandboxEndpoint.allCases {
            guard let limit = try limits.count(endpoint.rawValue) else { continue }
            requestsPerMinute[endpoint] = limit == 0 ? nil : limit
        }
    }
}

extension SandboxWebhookOptions {
    fileprivate mutating func read(_ fields: Fields) throws(Refusal) {
        if let address = try fields.text("url") {
            guard address.isEmpty || Self.isLoopback(address) else {
                throw .invalid("webhooks.url must begin with http://127.0.0.1: or http://[::1]:")
            }
            url = address.isEmpty ? nil : address
        }
        copies = min(try fields.count("copies") ?? copies, 100)
        isReversed = try fields.bool("is_reversed") ?? isReversed
        signatureAge = try fields.milliseconds("signature_age_ms") ?? signatureAge
        wrongSecret = try fields.text("wrong_secret") ?? wrongSecret
        retryPause = try fields.milliseconds("retry_pause_ms") ?? retryPause
        triesMax = try fields.count("tries") ?? triesMax
    }
}

extension Fields {
    /// A whole number from 0 to a thousand million.
    fileprivate func count(_ name: String) throws(Refusal) -> Int? {
        guard let value = try integer(name) else { return nil }
        guard (0...1_000_000_000).contains(value) else { throw .invalid("\(name) is out of range") }
        return Int(value)
    }

    fileprivate func milliseconds(_ name: String) throws(Refusal) -> Duration? {
        try count(name).map { .milliseconds($0) }
    }

    fileprivate func status() throws(Refusal) -> Int {
        let status = try count("status") ?? 500
        guard (200...599).contains(status) else { throw .invalid("status is out of range") }
        return status
    }

    fileprivate func type() throws(Refusal) -> String {
        try text("type") ?? "application/json"
    }

    fileprivate func words() throws(Refusal) -> String {
        try text("text") ?? ""
    }
}
