import Sandbox

/// What goes wrong at TikTok during a campaign: about every eighth request is spoilt somehow.
enum CampaignFaults {
    private static let html = "<html><body><h1>502 Bad Gateway</h1></body></html>"
    private static let json = "application/json"

    static func plan(for sandbox: Sandbox, size: CampaignSize) {
        for endpoint in [
            SandboxEndpoint.creatorInfo, .videoInit, .inboxInit, .contentInit, .status,
        ] {
            for (action, chance) in ofCalls { add(endpoint, action, chance, to: sandbox) }
            // The account then pauses for a minute, so there are only a few.
            sandbox.fault(
                endpoint,
                .refuse(status: 429, code: "rate_limit_exceeded", retryAfter: 1),
                count: 1 + size.jobs / 400,
                probability: 0.02
            )
        }
        for endpoint in [SandboxEndpoint.videoInit, .inboxInit, .contentInit] {
            add(endpoint, .publishFails(reason: "internal"), 0.01, to: sandbox)
        }
        for (action, chance) in ofChunks { add(.upload, action, chance, to: sandbox) }
        for endpoint in [SandboxEndpoint.creatorInfo, .videoInit, .contentInit, .upload, .status] {
            sandbox.fault(endpoint, .hangAfter, count: 1 + size.jobs / 1000, probability: 0.01)
        }
    }

    private static func add(
        _ endpoint: SandboxEndpoint,
        _ action: SandboxFault.Action,
        _ chance: Double,
        to sandbox: Sandbox
    ) {
        sandbox.fault(endpoint, action, count: nil, probability: chance)
    }

    private static let ofCalls: [(SandboxFault.Action, Double)] = [
        (.refuse(status: 500, code: "internal_error"), 0.02),
        (.refuse(status: 503, code: "", retryAfter: 1), 0.01),
        (.body(status: 500, type: "text/html", text: html), 0.015),
        (.resetBefore, 0.02),
        (.resetAfter, 0.02),
        (.truncated(after: 40), 0.015),
        (.replaced(status: 502, type: "text/html", text: html), 0.01),
        (.replaced(status: 200, type: json, text: "{}"), 0.01),
        (.slow(bytesPerSecond: 400), 0.01),
    ]

    private static let ofChunks: [(SandboxFault.Action, Double)] = [
        (.refuse(status: 500, code: ""), 0.02),
        (.refuse(status: 503, code: "", retryAfter: 1), 0.01),
        (.refuse(status: 429, code: "", retryAfter: 1), 0.01),
        (.refuse(status: 403, code: ""), 0.01),
        (.refuse(status: 404, code: ""), 0.01),
        (.resetBefore, 0.02),
        (.resetAfter, 0.03),
        (.resetMidway(afterBytes: 100), 0.02),
        (.resetMidway(afterBytes: 3_000_000), 0.02),
        (.progress(status: 416), 0.02),
        (.progress(status: 206), 0.01),
        (.progress(status: 416, bytes: 7), 0.01),
        (.replaced(status: 500, type: "text/html", text: html), 0.01),
        (.replaced(status: 403, type: "", text: ""), 0.005),
    ]
}
