import Sandbox
import Support
import Testing

/// A way in which one call to TikTok goes wrong.
struct JourneyWay: Sendable {
    let name: String
    /// `nil` where it cannot happen to such a call.
    let action: @Sendable (SandboxEndpoint) -> SandboxFault.Action?

    private init(
        _ name: String,
        _ action: @escaping @Sendable (SandboxEndpoint) -> SandboxFault.Action?
    ) {
        self.name = name
        self.action = action
    }

    private static let html = "<html><body><h1>502 Bad Gateway</h1></body></html>"

    /// What can happen to any call.
    static let ofCalls = [
        JourneyWay("429") { call in
            .refuse(
                status: 429,
                code: call == .upload ? "" : "rate_limit_exceeded",
                retryAfter: 1
            )
        },
        JourneyWay("503") { call in
            .refuse(status: 503, code: call == .upload ? "" : "internal_error", retryAfter: 1)
        },
        JourneyWay("reset-before") { _ in .resetBefore },
        JourneyWay("reset-after") { _ in .resetAfter },
        JourneyWay("500-html") { _ in .body(status: 500, type: "text/html", text: html) },
        JourneyWay("502-html-done") { _ in
            .replaced(status: 502, type: "text/html", text: html)
        },
    ]

    /// What can happen to an answer in JSON.
    static let ofAnswers = [
        onJSON("truncated", .truncated(after: 40)),
        onJSON("200-html-done", .replaced(status: 200, type: "text/html", text: html)),
        onJSON("empty-done", .replaced(status: 200, type: "application/json", text: "{}")),
    ]

    /// What can happen to a chunk.
    static let ofChunks = [
        onChunk("midway", .resetMidway(afterBytes: 100_000)),
        onChunk("416", .progress(status: 416)),
        onChunk("206-behind", .progress(status: 206)),
        onChunk("206-done", .replaced(status: 206, type: "", text: "")),
        onChunk("403", .refuse(status: 403, code: "")),
        onChunk("403-done", .replaced(status: 403, type: "", text: "")),
        onChunk("404", .refuse(status: 404, code: "")),
    ]

    /// Calls that hang, each until a deadline ends it.
    static let ofTime = [
        JourneyWay("hang-before") { _ in .hangBefore },
        JourneyWay("hang-after") { _ in .hangAfter },
    ]

    private static func onJSON(_ name: String, _ action: SandboxFault.Action) -> JourneyWay {
        JourneyWay(name) { $0 == .upload ? nil : action }
    }

    private static func onChunk(_ name: String, _ action: SandboxFault.Action) -> JourneyWay {
        JourneyWay(name) { $0 == .upload ? action : nil }
    }
}

/// One journey whose n-th call goes wrong in one way; its name is that of the job and the account.
struct JourneyMishap: Sendable {
    let name: String
    let kind: JourneyKind
    let action: SandboxFault.Action
    /// Calls that go well first.
    let skip: Int

    /// Every call of a journey in every way that can befall it.
    static func all(
        of kind: JourneyKind,
        calls: [SandboxEndpoint],
        ways: [JourneyWay]
    ) -> [JourneyMishap] {
        calls.enumerated().flatMap { index, call in
            ways.compactMap { way in
                way.action(call).map {
                    JourneyMishap(
                        name: "\(kind.name)-\(index + 1)-\(call.rawValue)-\(way.name)",
                        kind: kind,
                        action: $0,
                        skip: index
                    )
                }
            }
        }
    }
}
