import Testing
import TikTok

@testable import Publishing

/// What people are told of a refusal.
struct FailureTests {
    @Test(arguments: [
        "bad token Bearer canary123456", "act.canary12345 expired", "upload_token=canary12345",
        "see https://evil.example/?x=canary12345", "access_token%3Dcanary12345",
        "gAAAAABcanaryCANARY1-_canaryCANARY1==",
    ])
    func `TikTok's words are told without what looks like a secret`(words: String) {
        let refusal = TikTokRefusal(
            endpoint: .videoInit,
            code: TikTokErrorCode("invalid_param"),
            httpStatus: 400,
            message: words + " and that is all"
        )

        let failure = Failure(.refused(refusal))

        #expect(failure.message.contains(" TikTok says: "))
        #expect(failure.message.hasSuffix(" and that is all"))
        #expect(!failure.message.lowercased().contains("canary"), "\(failure.message)")
    }
}
