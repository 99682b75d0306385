internal import EventLoop
internal import FoundationEssentials
internal import HTTP

/// Sends what is due, as TikTok does: signed, at least once, again and again until it gets a 200.
final class WebhookSender: Sendable {
    private let service: SandboxService
    private let http: HTTPClient

    /// Between two looks for what has come to be.
    private static let pause = Duration.milliseconds(20)

    init(_ service: SandboxService, on loop: EventLoop) {
        self.service = service
        http = HTTPClient(on: loop)
    }

    /// Runs until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let (options, due) = service.with { state, instant in
                    // Without an address nothing is lost: it is sent once there is one.
                    guard state.options.webhooks.url != nil else {
                        return (state.options, [SandboxWebhook]())
                    }
                    return (state.options, state.dueWebhooks(at: instant))
                }
                for one in due {
                    for _ in 0..<options.webhooks.copies {
                        group.addTask { await self.deliver(one) }
                    }
                    // Out of order would mean nothing if all went out at the same moment.
                    if options.webhooks.isReversed { await self.rest(.milliseconds(50)) }
                }
                await rest(Self.pause)
            }
        }
        await http.close()
    }

    private func deliver(_ webhook: SandboxWebhook) async {
        var attempt = 1
        var pause = Duration.zero
        while !Task.isCancelled {
            let options = service.with { state, _ in state.options }
            guard let url = options.webhooks.url else { return }
            let status = await send(webhook, to: url, options)
            let delivery = SandboxDelivery(
                event: webhook.event,
                publishID: webhook.publishID,
                attempt: attempt,
                status: status
            )
            service.with { state, _ in state.note(delivery) }
            guard status != 200, attempt < options.webhooks.triesMax else { return }
            pause = max(pause * 2, options.webhooks.retryPause)
            attempt += 1
            await rest(pause)
        }
    }

    /// - Returns: 0 without an answer.
    private func send(
        _ webhook: SandboxWebhook,
        to url: String,
        _ options: SandboxOptions
    ) async -> Int {
        let body = webhook.body(clientKey: options.clientKey)
        let age = options.webhooks.signatureAge.milliseconds / 1000
        let signature = SandboxWebhook.signature(
            of: body,
            secret: options.webhooks.wrongSecret ?? options.clientSecret,
            at: Int64(Date().timeIntervalSince1970) - age
        )
        let request = HTTPRequest(
            "POST",
            url,
            headers: ["Content-Type": "application/json", "TikTok-Signature": signature],
            body: .bytes(body),
            allowsPlainHTTP: true
        )
        // Why there was no answer makes no difference to TikTok either.
        return (try? await http.send(request))?.status ?? 0
    }

    /// Only cancellation throws, and every caller asks for it next.
    private func rest(_ time: Duration) async {
        try? await Task.sleep(for: time)
    }
}

extension SandboxWebhookOptions {
    /// Whether an address leads to this machine: webhooks go nowhere else.
    static func isLoopback(_ url: String) -> Bool {
        ["http://127.0.0.1:", "http://[::1]:"].contains { url.hasPrefix($0) }
    }
}
