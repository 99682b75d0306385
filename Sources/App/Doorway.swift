internal import EventLoop
internal import Files
internal import HTTP
internal import Synchronization
internal import TikTok

/// Where the answer to a consent comes in: a listener on this machine, or what a person pastes.
struct Doorway {
    /// With the port that is listened on.
    let redirect: RedirectAddress
    private let listener: Listener?

    /// Begins to listen, where the address leads to this machine and nobody wants to paste.
    static func open(
        _ redirect: RedirectAddress,
        for state: String,
        isPasted: Bool,
        on loop: EventLoop
    ) async throws -> Doorway {
        guard case .desktop(let host, let port, true) = redirect.flow, !isPasted else {
            guard case .desktop(_, nil, _) = redirect.flow else {
                return Doorway(redirect: redirect, listener: nil)
            }
            // Nobody listens, so any port will do.
            let concrete = try RedirectAddress(redirect.concrete(port: 8912))
            return Doorway(redirect: concrete, listener: nil)
        }
        let listener = Listener(path: redirect.path, state: state, on: loop)
        do {
            let chosen = try await listener.listen(host: host, port: port ?? 0)
            let concrete = try RedirectAddress(redirect.concrete(port: chosen))
            return Doorway(redirect: concrete, listener: listener)
        } catch {
            throw CommandFailure(
                "cannot listen at TIKTOK_REDIRECT_URI: \(error); stop what uses the port, or use "
                    + "--paste"
            )
        }
    }

    func answer(
        to consent: Consent,
        within time: Duration,
        _ console: Console
    ) async throws -> ConsentAnswer {
        guard let listener else { return try paste(consent, time, console) }
        let found = await listener.answer(within: time)
        guard let found else { throw Self.overdue }
        do {
            return try found.get()
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private func paste(
        _ consent: Consent,
        _ time: Duration,
        _ console: Console
    ) throws -> ConsentAnswer {
        console.out(
            "Then paste the whole address that the browser ended at, even if its page could not be "
                + "shown:"
        )
        let line = try StandardInput.readLine(limit: ConsentAnswer.textMax, within: time)
        guard let line else { throw Self.overdue }
        let words = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        do throws(ConsentError) {
            return try ConsentAnswer(
                address: words.first.map(String.init) ?? "",
                redirect: redirect.text,
                state: consent.state
            )
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private static let overdue = CommandFailure("no answer came in time; begin again")
}

/// Listens for one answer; whoever else knocks is told nothing, and the listening goes on.
private final class Listener: Sendable {
    typealias Found = Result<ConsentAnswer, ConsentError>

    private let loop: EventLoop
    private let path: String
    private let state: String
    private let stream: AsyncStream<Found>
    private let found: AsyncStream<Found>.Continuation
    private let server = Mutex<HTTPServer?>(nil)

    init(path: String, state: String, on loop: EventLoop) {
        self.path = path
        self.state = state
        self.loop = loop
        (stream, found) = AsyncStream.makeStream(of: Found.self)
    }

    func listen(host: String, port: UInt16) async throws -> UInt16 {
        let server = HTTPServer(on: loop) { [weak self] request in
            self?.respond(to: request) ?? HTTPServerResponse(status: 503)
        }
        self.server.withLock { $0 = server }
        let chosen = try await server.listen(host: "127.0.0.1", port: port)
        // A browser may take localhost for ::1 first; a machine without IPv6 has only the other.
        if host == "localhost" { _ = try? await server.listen(host: "::1", port: chosen) }
        return chosen
    }

    /// - Returns: `nil` when the time is over.
    func answer(within time: Duration) async -> Found? {
        let timer = Task { [found] in
            // Cancelled: the answer is there.
            try? await Task.sleep(for: time)
            found.finish()
        }
        let first = await stream.first { _ in true }
        timer.cancel()
        await server.withLock(\.self)?.stop()
        return first
    }

    private func respond(to request: HTTPServerRequest) -> HTTPServerResponse {
        guard request.method == "GET", request.path == path else {
            return Self.page(404, "There is nothing here.")
        }
        do throws(ConsentError) {
            found.yield(.success(try ConsentAnswer(query: request.query, state: state)))
            return Self.page(200, "The answer has arrived. You can close this window.")
        } catch {
            // Somebody else's answer must not end the wait for the right one.
            guard error != .wrongState, error != .malformed else {
                return Self.page(400, "This is not the answer that is waited for.")
            }
            found.yield(.failure(error))
            return Self.page(200, "TikTok gave no consent. You can close this window.")
        }
    }

    private static func page(_ status: Int, _ words: String) -> HTTPServerResponse {
        var response = HTTPServerResponse(status: status, text: words)
        response.headers.add("Cache-Control", "no-store")
        response.headers.add("Content-Security-Policy", "default-src 'none'")
        response.headers.add("Referrer-Policy", "no-referrer")
        response.headers.add("X-Content-Type-Options", "nosniff")
        response.headers.add("Connection", "close")
        return response
    }
}
