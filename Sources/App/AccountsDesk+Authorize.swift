internal import Files
internal import FoundationEssentials
internal import Publishing
internal import TikTok

/// Connects an account with its owner's consent.
extension AccountsDesk {
    private static let patience = Duration.seconds(600)

    func authorize(_ name: String) async throws {
        guard PublishJob.isKey(name) else {
            throw CommandFailure("an account is 1–128 characters of A–Z a–z 0–9 . _ : -")
        }
        let settings = assembly.settings
        guard let client = settings.client, let redirect = settings.redirect else {
            throw CommandFailure(
                "set TIKTOK_CLIENT_KEY, TIKTOK_CLIENT_SECRET and TIKTOK_REDIRECT_URI, as they are "
                    + "registered with TikTok",
                code: .badConfiguration
            )
        }
        let known = try await accounts.find(name)
        let state = try Consent.makeState()
        let doorway = try await Doorway.open(
            redirect,
            for: state,
            isPasted: arguments.has("--paste"),
            on: assembly.loop
        )
        let consent = try Consent(
            client: client,
            scopes: try scopes(),
            redirect: doorway.redirect,
            state: state
        )
        console.out(
            "Let the owner of the TikTok account open this address:\n\n\(consent.address)\n"
        )
        let answer = try await doorway.answer(to: consent, within: try patience(), console)
        let grant = try await exchange(answer, consent, doorway.redirect, client)
        try check(grant, answer, against: known)
        try await store(grant, answer, as: name)
    }

    private func exchange(
        _ answer: ConsentAnswer,
        _ consent: Consent,
        _ redirect: RedirectAddress,
        _ client: ClientCredentials
    ) async throws -> TokenGrant {
        do throws(TikTokError) {
            return try await assembly.api.exchangeCode(
                answer.code,
                redirectURI: redirect.text,
                verifier: consent.verifier,
                as: client
            )
        } catch {
            throw CommandFailure(
                "TikTok gave no tokens, so nothing was stored: \(error.entry.message) "
                    + "\(error.entry.action) (\(error))"
            )
        }
    }

    private func patience() throws -> Duration {
        guard let text = arguments["--for"] else { return Self.patience }
        guard let seconds = TimeSpan.seconds(text), (1...86_400).contains(seconds) else {
            throw CommandFailure("--for must be a time from 1s to 24h", code: .badUsage)
        }
        return .seconds(seconds)
    }

    private func scopes() throws -> [String] {
        guard let list = arguments["--scopes"] else { return Scopes.asked }
        let scopes = list.split(separator: ",").map(String.init)
        let isPlain = scopes.allSatisfy { scope in
            scope.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2E || $0 == 0x5F }
        }
        guard (1...50).contains(scopes.count), isPlain else {
            throw CommandFailure(
                "--scopes must be a list such as video.publish,video.upload",
                code: .badUsage
            )
        }
        return scopes
    }

    /// Refuses what would post nothing, or to somebody else's profile; what is stored stays.
    private func check(
        _ grant: TokenGrant,
        _ answer: ConsentAnswer,
        against known: Account?
    ) throws {
        let granted = grant.scopes.isEmpty ? answer.scopes : grant.scopes
        guard !Scopes.posting.isDisjoint(with: granted) else {
            throw CommandFailure(
                "the creator gave neither video.publish nor video.upload, so nothing was stored; "
                    + "begin again and leave every permission ticked"
            )
        }
        guard let before = known?.openID, let now = grant.openID, before != now,
            !arguments.has("--force")
        else { return }
        throw CommandFailure(
            "that is another TikTok user than the one this account belongs to, so nothing was "
                + "stored; use another name, or --force to replace the connection"
        )
    }

    private func store(_ grant: TokenGrant, _ answer: ConsentAnswer, as name: String) async throws {
        let granted = Set(grant.scopes.isEmpty ? answer.scopes : grant.scopes)
        let username = await username(grant, granted)
        let connection = Accounts.Connection(
            account: name,
            grant: grant,
            scopes: granted.sorted(),
            username: username
        )
        try await accounts.add(connection)
        try await wake(name)
        console.out("account \(name) is connected\(username.map { " as @\($0)" } ?? "")".printable)
        for scope in Scopes.asked where !granted.contains(scope) {
            guard let loss = Scopes.loss(without: scope) else { continue }
            console.err("warning: the permission \(scope) is missing: \(loss)")
        }
    }

    /// Only for people, and for links to posts: a connection is good without.
    private func username(_ grant: TokenGrant, _ granted: Set<String>) async -> String? {
        guard granted.isSuperset(of: ["user.info.basic", "user.info.profile"]) else { return nil }
        do {
            return try await assembly.api.userInfo(token: grant.accessToken, withUsername: true)
                .username
        } catch {
            console.err("warning: TikTok did not say the user name: \(error)")
            return nil
        }
    }
}
