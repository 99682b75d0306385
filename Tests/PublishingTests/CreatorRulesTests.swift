import HTTP
import Testing
@testable import TikTok

@testable import Publishing

/// What creators allow, kept for a while.
struct CreatorRulesTests {
    private static let creator = CreatorInfo(
        username: nil,
        nickname: nil,
        avatarURL: nil,
        privacyLevels: [.selfOnly],
        isCommentDisabled: false,
        isDuetDisabled: false,
        isStitchDisabled: false,
        longestVideoSeconds: 60,
        logID: nil
    )

    /// Rules that nothing here asks TikTok for.
    private func rules() throws -> CreatorRules {
        let api = TikTokAPI(
            base: try APIAddress("http://127.0.0.1:9"),
            uploadHosts: try UploadHosts(["127.0.0.1"])
        ) { (_) throws(HTTPError) in throw .cancelled(requestMayHaveArrived: false) }
        return CreatorRules(api: api)
    }

    @Test func `an answer counts for five minutes and not longer`() throws {
        let rules = try rules()
        let now = ContinuousClock.now
        rules.keep(Self.creator, for: "mira", at: now)

        #expect(rules.recall("mira", at: now + .seconds(299))?.longestVideoSeconds == 60)
        #expect(rules.recall("mira", at: now + .seconds(300)) == nil)
        #expect(rules.recall("noor", at: now) == nil)
    }

    @Test func `a refused init makes the next post ask again`() throws {
        let rules = try rules()
        rules.keep(Self.creator, for: "mira")
        rules.forget("mira")

        #expect(rules.recall("mira") == nil)
    }

    @Test func `answers of very many accounts take no more memory`() throws {
        let rules = try rules()
        let now = ContinuousClock.now
        for number in 0..<CreatorRules.countMax {
            rules.keep(Self.creator, for: "\(number)", at: now)
        }
        #expect(rules.recall("0", at: now) != nil)

        rules.keep(Self.creator, for: "one more", at: now)

        #expect(rules.recall("one more", at: now) != nil && rules.recall("0", at: now) == nil)
    }
}
