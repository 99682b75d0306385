internal import HTTP
internal import JSON

/// An answer of an OAuth call: flat, and an error comes with HTTP 200 as well.
///
/// Source: OAuth Error Handling, undated copy; HTTP 200 was seen in public code.
struct OAuthReply {
    let members: JSONValue
    private let body: ReplyBody

    /// Takes an answer that holds no error; whether it holds tokens is the caller's question.
    init(
        _ response: HTTPResponse,
        from endpoint: Endpoint,
        hiding secrets: [String]
    ) throws(TikTokError) {
        body = ReplyBody(response, from: endpoint, hiding: secrets)
        // A revocation is answered with nothing at all, so the absence of JSON alone is no error.
        if let code = body.code, code != "ok" { throw body.refused(code) }
        guard (200...299).contains(response.status) else { throw body.withoutCode("") }
        members = body.root ?? [:]
    }

    var logID: String? { body.logID }

    func unreadable(_ reason: String) -> TikTokError { body.unreadable(reason) }
}
