internal import HTTP
internal import Publishing
internal import Telemetry

/// Takes webhooks for as long as a worker runs, and follows what any worker has taken.
///
/// Workers of one machine may share an address: one of them listens, and another does when that one
/// has ended.
struct WebhookListener: Sendable {
    private let settings: WebhookSettings
    private let server: HTTPServer
    private let log: Log
    private let tasks: [Task<Void, Never>]

    /// Between two looks whether the address has become free.
    private static let pause = Duration.seconds(2)

    /// - Returns: `nil` when webhooks are off.
    static func start(
        _ assembly: Assembly,
        _ parts: Assembly.WorkerParts
    ) async throws -> WebhookListener? {
        guard let settings = assembly.settings.webhooks else { return nil }
        let (log, webhooks) = (assembly.log, parts.webhooks)
        let door = WebhookDoor(webhooks: webhooks, client: settings.client, log: log)
        let server = HTTPServer(
            on: assembly.loop,
            limits: door.serverLimits,
            reportTrouble: { log.warning("webhook.trouble", ["error": .error($0)]) },
            handler: { request in await door.answer(request) }
        )
        let listener = WebhookListener(settings: settings, server: server, log: log, tasks: [])
        let isListening = try await listener.listen()
        if !isListening { log.warning("webhook.address_taken", ["detail": Self.taken]) }
        return WebhookListener(
            settings: settings,
            server: server,
            log: log,
            tasks: [
                Task { await webhooks.follow() },
                Task { if !isListening { await listener.takeOver() } },
            ]
        )
    }

    private static let taken: LogValue =
        "another process listens there, a worker perhaps; this one does when it has ended"

    /// - Returns: `false` when another process listens there.
    private func listen() async throws -> Bool {
        do throws(HTTPServerError) {
            let port = try await server.listen(host: settings.host, port: settings.port)
            log.info("webhook.listen", ["port": .integer(port)])
            return true
        } catch {
            guard !error.isAddressTaken else { return false }
            throw CommandFailure(
                "cannot listen at \(Setting.webhookAddress.name): \(error); is it an address of "
                    + "this machine, and may this user listen at that port?"
            )
        }
    }

    private func takeOver() async {
        while !Task.isCancelled {
            // Only cancellation throws, and ends the loop. What else stands in the way now may be
            // gone the next time.
            try? await Task.sleep(for: Self.pause)
            if !Task.isCancelled, (try? await listen()) == true { return }
        }
    }

    /// Takes nothing more; TikTok sends again what gets no answer.
    func stop() async {
        for task in tasks { task.cancel() }
        await server.stop()
    }
}
