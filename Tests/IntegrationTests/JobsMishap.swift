import Sandbox
import Testing

/// One thing that goes wrong on TikTok's side, at a certain request of a job of three chunks.
struct Mishap: Sendable {
    let name: String
    let endpoint: SandboxEndpoint
    let action: SandboxFault.Action
    let skip: Int

    init(
        _ name: String,
        _ endpoint: SandboxEndpoint,
        _ action: SandboxFault.Action,
        skip: Int = 0
    ) {
        self.name = name
        self.endpoint = endpoint
        self.action = action
        self.skip = skip
    }

    static let html = "<html><body><h1>502 Bad Gateway</h1></body></html>"

    /// What can happen to any call with a JSON answer.
    static func ofCall(_ endpoint: SandboxEndpoint) -> [Mishap] {
        let actions: [(String, SandboxFault.Action)] = [
            ("reset-before", .resetBefore), ("reset-after", .resetAfter),
            ("500-html", .body(status: 500, type: "text/html", text: html)),
            ("502-done", .replaced(status: 502, type: "text/html", text: html)),
            ("200-html", .replaced(status: 200, type: "text/html", text: html)),
            ("truncated", .truncated(after: 40)),
            ("empty", .replaced(status: 200, type: "application/json", text: "{}")),
            ("internal", .refuse(status: 500, code: "internal_error")),
        ]
        return actions.map { Mishap("\(endpoint.rawValue)-\($0.0)", endpoint, $0.1) }
    }

    static let ofChunks: [Mishap] = [
        Mishap("first-midway", .upload, .resetMidway(afterBytes: 3_000_000)),
        Mishap("middle-reset-before", .upload, .resetBefore, skip: 1),
        Mishap("middle-reset-after", .upload, .resetAfter, skip: 1),
        Mishap("middle-midway", .upload, .resetMidway(afterBytes: 100), skip: 1),
        Mishap("middle-500", .upload, .refuse(status: 500, code: ""), skip: 1),
        Mishap(
            "middle-500-done",
            .upload,
            .replaced(status: 500, type: "text/html", text: html),
            skip: 1
        ),
        Mishap("middle-503", .upload, .refuse(status: 503, code: "", retryAfter: 1), skip: 1),
        Mishap("middle-429", .upload, .refuse(status: 429, code: "", retryAfter: 1), skip: 1),
        Mishap("middle-416", .upload, .progress(status: 416), skip: 1),
        Mishap("middle-behind", .upload, .progress(status: 206), skip: 1),
        Mishap("middle-403", .upload, .refuse(status: 403, code: ""), skip: 1),
        Mishap("middle-404", .upload, .refuse(status: 404, code: ""), skip: 1),
        Mishap("last-reset-before", .upload, .resetBefore, skip: 2),
        Mishap("last-reset-after", .upload, .resetAfter, skip: 2),
        Mishap("last-midway", .upload, .resetMidway(afterBytes: 1_000_000), skip: 2),
        Mishap("last-500", .upload, .refuse(status: 500, code: ""), skip: 2),
        Mishap(
            "last-500-done",
            .upload,
            .replaced(status: 500, type: "text/html", text: html),
            skip: 2
        ),
        Mishap("last-403-done", .upload, .replaced(status: 403, type: "", text: ""), skip: 2),
        Mishap("last-206-done", .upload, .replaced(status: 206, type: "", text: ""), skip: 2),
        Mishap("last-404", .upload, .refuse(status: 404, code: ""), skip: 2),
    ]

    /// Calls that hang, each until a deadline ends it.
    static let hanging: [Mishap] = [
        Mishap("creator-hangs", .creatorInfo, .hangBefore),
        Mishap("init-hangs-done", .videoInit, .hangAfter),
        Mishap("middle-hangs", .upload, .hangBefore, skip: 1),
        Mishap("middle-hangs-done", .upload, .hangAfter, skip: 1),
        Mishap("last-hangs-done", .upload, .hangAfter, skip: 2),
        Mishap("status-hangs", .status, .hangAfter),
    ]
}
