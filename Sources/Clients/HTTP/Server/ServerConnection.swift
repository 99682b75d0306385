internal import EventLoop

/// One connection of an `HTTPServer`: requests in, responses out, one after the other.
///
/// Nothing is read that nobody asked for. While a handler works, or is slow to take its body, the
/// bytes wait in the kernel's buffer and in the end at the peer.
actor ServerConnection {
    private let loop: EventLoop
    private let limits: HTTPServerLimits
    private let handler: HTTPServer.Handler
    private let peer: String
    private let stream: SocketStream
    private let reader: RequestReader

    private var isStopping = false
    /// Whether a stop may cut the connection at once: it waits for a request, lingers, or imitates
    /// a broken server.
    private var isIdle = false

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        loop.asUnownedSerialExecutor()
    }

    /// Takes over a connected, non-blocking descriptor, and will close it.
    init(
        _ descriptor: CInt,
        peer: String,
        on loop: EventLoop,
        limits: HTTPServerLimits,
        handler: @escaping HTTPServer.Handler
    ) {
        self.loop = loop
        self.limits = limits
        self.handler = handler
        self.peer = peer
        stream = SocketStream(descriptor, on: loop)
        reader = RequestReader(stream, limits: limits)
    }

    /// Serves until the peer leaves, a limit is met or the server stops.
    func serve() async {
        var deadline = ContinuousClock.now + limits.headDeadline
        do throws(HTTPRefusal) {
            while let head = try await nextHead(by: deadline), await answer(head) {
                deadline = .now + limits.keepAliveIdle
            }
            await linger()
        } catch {
            await refuse(error)
        }
        stream.close()
    }

    /// Answers with an error of the server's own and ends the connection.
    func refuse(_ refusal: HTTPRefusal) async {
        _ = await write(refusal.response, answering: "GET", keepsOpen: false)
        await linger()
        stream.close()
    }

    /// Lets the request under way, if there is one, finish, and ends the connection after it.
    func stop() {
        isStopping = true
        if isIdle { stream.interrupt() }
    }

    /// Ends the connection at once.
    func abort() {
        isStopping = true
        stream.interrupt()
        stream.reset()
    }

    // MARK: One request

    private func nextHead(
        by deadline: ContinuousClock.Instant
    ) async throws(HTTPRefusal) -> HTTPRequestHead? {
        guard !isStopping else { return nil }
        isIdle = true
        defer { isIdle = false }
        return try await reader.nextHead(by: deadline)
    }

    /// - Returns: whether the connection may serve another request.
    private func answer(_ head: HTTPRequestHead) async -> Bool {
        let response = await handler(request(head))
        reader.endBody()
        guard !reader.isPeerGone else { return false }
        return await deliver(reader.bodyFailure?.response ?? response, to: head)
    }

    private func request(_ head: HTTPRequestHead) -> HTTPServerRequest {
        let length: Int64? = if case .sized(let length) = head.framing { length } else { nil }
        return HTTPServerRequest(
            method: head.method,
            target: head.target,
            path: head.path,
            query: head.query,
            headers: head.headers,
            contentLength: length,
            body: HTTPServerBody(connection: self, number: reader.bodyNumber),
            peer: peer
        )
    }

    /// What `HTTPServerBody.next` promises.
    func nextPiece(of number: Int) async throws(HTTPServerError) -> [UInt8]? {
        try await reader.nextPiece(of: number)
    }

    private func deliver(_ response: HTTPServerResponse, to head: HTTPRequestHead) async -> Bool {
        switch response.delivery {
        case .reset:
            stream.reset()
            return false
        case .hang:
            await dropAll(until: nil, atMost: .max)
            return false
        case .whole, .slowly, .truncated:
            let response = response.isSound ? response : HTTPRefusal.badResponse.response
            let keepsOpen =
                !head.wantsClose && !response.endsConnection && !isStopping && reader.isDrainable
            guard await write(response, answering: head.method, keepsOpen: keepsOpen) else {
                return false
            }
            return await reader.drain()
        }
    }

    /// - Returns: whether the connection may serve another request.
    private func write(
        _ response: HTTPServerResponse,
        answering method: String,
        keepsOpen: Bool
    ) async -> Bool {
        if case .slowly = response.delivery {
            guard !isStopping else { return false }
            isIdle = true
        }
        defer { isIdle = false }
        let writer = ResponseWriter(stream: stream, idle: limits.writeIdle)
        let isWritten = await writer.write(response, answering: method, keepsOpen: keepsOpen)
        return isWritten && keepsOpen
    }

    // MARK: The end

    /// Lets the peer read the last response before the connection is gone.
    private func linger() async {
        stream.finishWriting()
        await dropAll(
            until: .now + HTTPServerLimits.linger,
            atMost: HTTPServerLimits.lingerBytes
        )
    }

    /// Reads and drops until the peer or the server ends it; a deadline of `nil` means none.
    private func dropAll(until deadline: ContinuousClock.Instant?, atMost bytes: Int) async {
        guard !isStopping else { return }
        isIdle = true
        defer { isIdle = false }
        var left = bytes
        while left > 0 {
            do throws(SocketStream.End) {
                if let dropped = try stream.read(64 * 1024) {
                    left -= bytes == .max ? 0 : dropped.count
                } else {
                    try await stream.wait(for: .readable, until: deadline ?? .now + .seconds(3600))
                }
            } catch {
                guard error == .timedOut, deadline == nil else { return }
            }
        }
    }
}
