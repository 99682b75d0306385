package import EventLoop
package import HTTP
internal import Synchronization

/// A strict stand-in for TikTok's Content Posting API and OAuth, on an address of its own.
///
/// Everything lives in memory and ends with `stop`. The same as these methods can be had over HTTP
/// under `/sandbox/`.
package final class Sandbox: Sendable {
    /// `http://127.0.0.1:PORT`; takes the place of `https://open.tiktokapis.com`.
    package let url: String
    package let port: UInt16
    /// Of the upload addresses, where the options ask for one.
    package let uploadPort: UInt16?

    private let service: SandboxService
    private let loop: EventLoop
    private let host: String
    private let server: Mutex<HTTPServer>
    private let sending: Mutex<Task<Void, Never>>

    /// Listens on a numeric address; port 0 takes any free one.
    package static func start(
        on loop: EventLoop,
        host: String = "127.0.0.1",
        port: UInt16 = 0,
        options: SandboxOptions = SandboxOptions()
    ) async throws(HTTPServerError) -> Sandbox {
        let service = SandboxService(options)
        let server = makeServer(of: service, on: loop)
        let port = try await server.listen(host: host, port: port)
        let uploadPort =
            options.hasUploadPort ? try await server.listen(host: host, port: 0) : nil
        let ports = (port, uploadPort)
        return Sandbox(service, server, on: loop, host: host, ports: ports)
    }

    private static func makeServer(of service: SandboxService, on loop: EventLoop) -> HTTPServer {
        var limits = HTTPServerLimits()
        // Nobody who stops it waits for answers that hang on purpose.
        limits.stopGrace = .milliseconds(100)
        return HTTPServer(on: loop, limits: limits) { request in
            await service.respond(to: request)
        }
    }

    private init(
        _ service: SandboxService,
        _ server: HTTPServer,
        on loop: EventLoop,
        host: String,
        ports: (UInt16, UInt16?)
    ) {
        let address = "http://\(host.contains(":") ? "[\(host)]" : host)"
        let (url, uploadURL) = ("\(address):\(ports.0)", ports.1.map { "\(address):\($0)" })
        self.url = url
        (port, uploadPort) = ports
        self.service = service
        self.loop = loop
        self.host = host
        self.server = Mutex(server)
        sending = Mutex(Self.send(service, on: loop))
        service.with { state, _ in (state.publicURL, state.uploadURL) = (url, uploadURL) }
    }

    private static func send(_ service: SandboxService, on loop: EventLoop) -> Task<Void, Never> {
        Task { await WebhookSender(service, on: loop).run() }
    }

    /// Closes every connection; the state is gone with the object.
    package func stop() async {
        let sending = sending.withLock { $0 }
        sending.cancel()
        await server.withLock { $0 }.stop()
        await sending.value
    }

    /// Listens again on the same ports after `stop`, and knows all that it knew before.
    ///
    /// - Throws: `HTTPServerError.system` when somebody else has taken the port.
    package func start() async throws(HTTPServerError) {
        let fresh = Self.makeServer(of: service, on: loop)
        for port in [port, uploadPort].compactMap(\.self) {
            _ = try await fresh.listen(host: host, port: port)
        }
        server.withLock { $0 = fresh }
        sending.withLock { $0 = Self.send(service, on: loop) }
    }

    // MARK: Setting the scene

    /// Makes or replaces an account and connects it; tokens handed out before stay alive.
    @discardableResult
    package func addAccount(_ account: SandboxAccount) -> SandboxConnection {
        service.with { $0.addAccount(account, at: $1) }
    }

    /// Registers a consent as if its owner had just given it; good for ten minutes.
    package func addCode(_ code: SandboxCode) {
        service.with { $0.addCode(code, at: $1) }
    }

    /// What the owner does in the app: every token dies, posts under way fail.
    package func disconnect(_ openID: String) {
        service.with { $0.disconnect(openID, at: $1 + $0.advancedBy) }
    }

    /// Plans a fault behind those already planned; at most 1000.
    package func fault(
        _ endpoint: SandboxEndpoint?,
        _ action: SandboxFault.Action,
        openID: String? = nil,
        skip: Int = 0,
        count: Int? = 1,
        probability: Double = 1
    ) {
        let fault = SandboxFault(
            endpoint,
            action,
            openID: openID,
            skip: skip,
            count: count,
            probability: probability
        )
        let isPlanned = service.with { state, _ in state.addFault(fault) }
        precondition(isPlanned, "more than 1000 faults are planned")
    }

    package func clearFaults() {
        service.with { state, _ in state.clearFaults() }
    }

    package func advanceClock(by duration: Duration) {
        service.with { state, _ in state.advanceClock(by: duration) }
    }

    /// Whether an address leads to this machine: webhooks go nowhere else.
    package static func maySendWebhooks(to url: String) -> Bool {
        SandboxWebhookOptions.isLoopback(url)
    }

    /// Says where webhooks go from now on; those of all posts that are not over yet.
    package func sendWebhooks(to url: String?) {
        precondition(url.map(SandboxWebhookOptions.isLoopback) != false, "not on this machine")
        changeOptions { $0.webhooks.url = url }
    }

    package func changeOptions(_ body: (inout SandboxOptions) -> Void) {
        service.with { state, _ in state.change(body) }
    }

    /// What the owner does with a draft in the app; false when it is not in the inbox.
    @discardableResult
    package func publishDraft(
        _ publishID: String,
        privacy: String = "PUBLIC_TO_EVERYONE"
    ) -> Bool {
        service.with { $0.publishDraft(publishID, privacy: privacy, at: $1) }
    }

    /// Forgets everything but the options.
    package func reset() {
        service.with { state, _ in state.reset() }
    }

    // MARK: The verdict

    package func report() -> SandboxReport {
        service.with { $0.report(at: $1) }
    }

    /// The newest tries to deliver webhooks, oldest first.
    package func deliveries() -> [SandboxDelivery] {
        service.with { state, _ in state.deliveries }
    }

    /// The newest requests, oldest first.
    package func journal() -> [SandboxEntry] {
        service.with { state, _ in state.entries }
    }
}
