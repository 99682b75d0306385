internal import Crypto
internal import JSON

struct AccessToken {
    let openID: String
    let scopes: [String]
    /// Milliseconds.
    let expiresAt: Int64
}

struct RefreshToken {
    let openID: String
    let scopes: [String]
    let expiresAt: Int64
}

/// A refresh token that was traded in, and for what.
struct UsedRefreshToken {
    let connection: SandboxConnection
    let usedAt: Int64
}

struct PendingCode {
    let consent: SandboxCode
    let expiresAt: Int64
}

/// A failure in OAuth's own flat shape.
private struct OAuthRefusal: Error {
    let code: String
    let description: String

    static func request(_ description: String) -> OAuthRefusal {
        OAuthRefusal(code: "invalid_request", description: description)
    }

    static func grant(_ description: String) -> OAuthRefusal {
        OAuthRefusal(code: "invalid_grant", description: description)
    }
}

// MARK: The token and revoke endpoints

extension SandboxState {
    mutating func exchange(_ request: SandboxRequest, at now: Int64) -> SandboxAnswer {
        do throws(OAuthRefusal) {
            let form = try openForm(request)
            switch form["grant_type"] {
            case "authorization_code": return tokens(try redeem(form, at: now))
            case "refresh_token": return tokens(try refresh(form, at: now))
            case nil: throw .request("grant_type is required")
            default:
                throw OAuthRefusal(
                    code: "unsupported_grant_type",
                    description: "Grant type is not supported"
                )
            }
        } catch {
            return refuse(request, error, at: now)
        }
    }

    mutating func revoke(_ request: SandboxRequest, at now: Int64) -> SandboxAnswer {
        do throws(OAuthRefusal) {
            let form = try openForm(request)
            guard let text = form["token"] else { throw .request("token is required") }
            guard let token = accessTokens[text], now < token.expiresAt else {
                throw .grant("Access token is invalid or expired")
            }
            disconnect(token.openID, at: now)
            return .json([:])
        } catch {
            return refuse(request, error, at: now)
        }
    }

    /// What the owner does in the app, and what a revocation amounts to.
    mutating func disconnect(_ openID: String, at now: Int64) {
        accessTokens = accessTokens.filter { $0.value.openID != openID }
        refreshTokens = refreshTokens.filter { $0.value.openID != openID }
        usedRefreshTokens = usedRefreshTokens.filter { $0.value.connection.openID != openID }
        noteRemoval(of: openID, at: now)
        for publishID in publishIDsOfAccount[openID] ?? [] {
            guard let post = posts[publishID], !post.isFinal(at: now, options) else { continue }
            posts[publishID]?.failure = "auth_removed"
        }
    }

    // MARK: Grants

    private mutating func redeem(
        _ form: [String: String],
        at now: Int64
    ) throws(OAuthRefusal) -> SandboxConnection {
        guard let text = form["code"] else { throw .request("code is required") }
        guard let redirect = form["redirect_uri"] else {
            throw .request("redirect_uri is required")
        }
        guard let pending = codes[text], now < pending.expiresAt else {
            throw .grant("Authorization code is invalid or expired")
        }
        guard redirect == pending.consent.redirectURI else {
            throw .request("Redirect_uri is not matched with the uri when requesting code")
        }
        try checkVerifier(form["code_verifier"], against: pending.consent.challenge)
        guard let account = accounts[pending.consent.openID] else {
            throw .grant("Authorization code is invalid or expired")
        }
        codes[text] = nil
        return connect(account, scopes: pending.consent.scopes ?? account.scopes, at: now)
    }

    /// TikTok's PKCE: the challenge is lowercase hex of SHA-256, not base64url.
    private func checkVerifier(
        _ verifier: String?,
        against challenge: String?
    ) throws(OAuthRefusal) {
        guard let challenge else { return }
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        guard let verifier, (43...128).contains(verifier.count),
            verifier.allSatisfy(allowed.contains),
            SHA256.hex(Array(verifier.utf8)) == challenge
        else { throw .request("Code verifier or code challenge is invalid") }
    }

    private mutating func refresh(
        _ form: [String: String],
        at now: Int64
    ) throws(OAuthRefusal) -> SandboxConnection {
        guard let text = form["refresh_token"] else { throw .request("refresh_token is required") }
        let grace = options.repeatedRefreshSeconds * 1000
        usedRefreshTokens = usedRefreshTokens.filter { now - $0.value.usedAt < grace }
        if let used = usedRefreshTokens[text] { return used.connection }
        guard let token = refreshTokens[text], now < token.expiresAt,
            let account = accounts[token.openID]
        else { throw .grant("Refresh token is invalid or expired") }
        guard options.rotatesRefreshTokens else {
            return connect(account, scopes: token.scopes, refreshToken: text, at: now)
        }
        refreshTokens[text] = nil
        let connection = connect(account, scopes: token.scopes, at: now)
        usedRefreshTokens[text] = UsedRefreshToken(connection: connection, usedAt: now)
        return connection
    }

    /// Hands out a pair; tokens that have run out are forgotten on the way.
    mutating func connect(
        _ account: SandboxAccount,
        scopes: [String],
        accessToken: String? = nil,
        refreshToken: String? = nil,
        at now: Int64
    ) -> SandboxConnection {
        accessTokens = accessTokens.filter { $0.value.expiresAt > now }
        refreshTokens = refreshTokens.filter { $0.value.expiresAt > now }
        requestTimes = requestTimes.filter { accessTokens[$0.key.token] != nil }
        let connection = SandboxConnection(
            openID: account.openID,
            scopes: scopes,
            accessToken: accessToken ?? "act." + random.hex(24),
            refreshToken: refreshToken ?? "rft." + random.hex(24),
            expiresIn: options.accessTokenSeconds,
            refreshExpiresIn: options.refreshTokenSeconds
        )
        accessTokens[connection.accessToken] = AccessToken(
            openID: account.openID,
            scopes: scopes,
            expiresAt: now + options.accessTokenSeconds * 1000
        )
        refreshTokens[connection.refreshToken] = RefreshToken(
            openID: account.openID,
            scopes: scopes,
            expiresAt: now + options.refreshTokenSeconds * 1000
        )
        return connection
    }

    // MARK: Form and answers

    private func openForm(_ request: SandboxRequest) throws(OAuthRefusal) -> [String: String] {
        guard request.mediaType == "application/x-www-form-urlencoded" else {
            throw .request("Only `application/x-www-form-urlencoded` is supported as Content-Type.")
        }
        guard let form = Form.read(request.body) else { throw .request("The body is malformed") }
        guard let key = form["client_key"] else { throw .request("client_key is required") }
        guard let secret = form["client_secret"] else {
            throw .request("client_secret is required")
        }
        guard key == options.clientKey, secret == options.clientSecret else {
            throw OAuthRefusal(
                code: "invalid_client",
                description: "Client key or secret is incorrect."
            )
        }
        return form
    }

    private func tokens(_ connection: SandboxConnection) -> SandboxAnswer {
        .json([
            "access_token": .string(connection.accessToken),
            "expires_in": .integer(connection.expiresIn),
            "open_id": .string(connection.openID),
            "refresh_token": .string(connection.refreshToken),
            "refresh_expires_in": .integer(connection.refreshExpiresIn),
            "scope": .string(connection.scopes.joined(separator: ",")),
            "token_type": "Bearer",
        ])
    }

    private mutating func refuse(
        _ request: SandboxRequest,
        _ refusal: OAuthRefusal,
        at now: Int64
    ) -> SandboxAnswer {
        if refusal.code == "invalid_request" || refusal.code == "unsupported_grant_type" {
            noteViolation("\(request.endpoint.rawValue): \(refusal.description)", at: now)
        }
        return .json(
            [
                "error": .string(refusal.code),
                "error_description": .string(refusal.description),
                "log_id": .string(nextLogID()),
            ],
            status: options.oauthErrorStatus,
            code: refusal.code
        )
    }
}

/// `application/x-www-form-urlencoded`.
enum Form {
    /// - Returns: `nil` when a field is repeated, an escape is broken or the text is not UTF-8.
    static func read(_ body: [UInt8]) -> [String: String]? {
        var fields: [String: String] = [:]
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard let name = decode(parts[0]), let value = decode(parts.count > 1 ? parts[1] : []),
                fields.updateValue(value, forKey: name) == nil
            else { return nil }
        }
        return fields
    }

    private static func decode(_ text: ArraySlice<UInt8>) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"):
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard rest.count >= 2,
                    let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default:
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
