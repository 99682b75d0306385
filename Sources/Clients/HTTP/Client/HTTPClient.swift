internal import CCurl
package import EventLoop

/// Sends HTTP requests with libcurl, on the loop's thread.
///
/// Connections are kept alive and used again. One request has a connection at a time, also over
/// HTTP/2, so that a stall concerns one transfer only. Redirects are not followed, cookies and
/// `.netrc` not used, certificates always checked.
package actor HTTPClient {
    let loop: EventLoop
    let options: HTTPClientOptions
    /// curl's side; made with the first request, gone with `close`.
    ///
    /// The C type is `CURLM`.
    var multi: UnsafeMutableRawPointer?
    var watchedSockets: Set<CInt> = []
    var multiTimer: LoopTimer?

    private var transfers: [Transfer.ID: Transfer] = [:]
    /// Those that have no connection yet, the oldest first.
    private var waiting: [Transfer.ID] = []
    /// Transfers that curl has, by host and port.
    private var activePerHost: [String: Int] = [:]
    private var activeCount = 0
    private var lastNumber: UInt64 = 0
    private var isClosed = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        loop.asUnownedSerialExecutor()
    }

    package init(on loop: EventLoop, options: HTTPClientOptions = HTTPClientOptions()) {
        _ = CurlLibrary.setUp
        self.loop = loop
        self.options = options
    }

    isolated deinit {
        closeMulti()
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// Any status is an answer.
    ///
    /// Cancelling the task ends the transfer (HTTP/1 closes the connection, HTTP/2 resets the
    /// stream) and throws `HTTPError.cancelled`.
    ///
    /// - Parameters:
    ///   - request: what to send, with its limits.
    ///   - onProgress: called on the loop with the bytes of the body that were handed to the kernel
    ///     so far, each time that number changes; it starts again when curl repeats a request.
    /// - Returns: the final answer, whatever its status.
    /// - Throws: `HTTPError`, which knows whether the request may have arrived.
    package func send(
        _ request: HTTPRequest,
        onProgress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(HTTPError) -> HTTPResponse {
        guard !isClosed else { throw .closed }
        guard !Task.isCancelled else { throw .cancelled(requestMayHaveArrived: false) }
        guard waiting.count < options.waitingMax else { throw .busy }
        let checked = try CheckedRequest(request, userAgent: options.userAgent)
        try openMulti()
        lastNumber += 1
        let id = Transfer.ID(number: lastNumber)
        let result = await withTaskCancellationHandler {
            await answer(to: checked, id, onProgress)
        } onCancel: {
            Task { await self.cancel(id) }
        }
        return try result.get()
    }

    /// Ends all transfers as cancelled and closes all connections; later requests are refused.
    package func close() {
        isClosed = true
        for transfer in transfers.values {
            settle(transfer, .failure(.cancelled(requestMayHaveArrived: transfer.mayHaveArrived)))
        }
        closeMulti()
    }

    // MARK: From waiting to finished

    private func answer(
        to checked: CheckedRequest,
        _ id: Transfer.ID,
        _ onProgress: (@Sendable (Int64) -> Void)?
    ) async -> Result<HTTPResponse, HTTPError> {
        let answer = Wait<Result<HTTPResponse, HTTPError>>(on: loop)
        do {
            let transfer = Transfer(
                id,
                checked,
                easy: try EasyHandle.prepared(for: checked, options: options),
                deliver: { [weak self] pull, answer in await self?.accept(id, pull, answer) },
                onProgress: onProgress,
                answer: answer
            )
            try transfer.connectCallbacks()
            transfers[id] = transfer
            waiting.append(id)
            watchOver(transfer)
            startWaiting()
        } catch {
            return .failure(error)
        }
        return await answer.result()
    }

    /// Starts those whose turn it is.
    private func startWaiting() {
        var index = 0
        while activeCount < options.connectionsMax, index < waiting.count {
            guard let transfer = transfers[waiting[index]],
                activePerHost[transfer.checked.host, default: 0] < options.connectionsPerHostMax
            else {
                index += 1
                continue
            }
            waiting.remove(at: index)
            start(transfer)
        }
    }

    private func start(_ transfer: Transfer) {
        transfer.isStarted = true
        activeCount += 1
        activePerHost[transfer.checked.host, default: 0] += 1
        transfer.body.pull()
        let code = curl_multi_add_handle(multi, transfer.easy.pointer)
        if code != CURLM_OK { settle(transfer, .failure(Self.error(code))) }
    }

    /// Takes the transfer from curl and tells its caller.
    private func settle(_ transfer: Transfer, _ result: Result<HTTPResponse, HTTPError>) {
        guard transfers.removeValue(forKey: transfer.id) != nil else { return }
        if let timer = transfer.timer { loop.cancel(timer) }
        if transfer.isStarted {
            curl_multi_remove_handle(multi, transfer.easy.pointer)
            let host = transfer.checked.host
            activeCount -= 1
            let count = activePerHost[host, default: 1] - 1
            activePerHost[host] = count > 0 ? count : nil
        } else {
            waiting.removeAll { $0 == transfer.id }
        }
        transfer.finish(result)
    }

    func finish(_ transfer: Transfer, _ result: Result<HTTPResponse, HTTPError>) {
        settle(transfer, result)
        startWaiting()
    }

    /// Ends everything curl has, after an error that no transfer is to blame for.
    func failAll(_ code: CURLMcode) {
        for transfer in transfers.values where transfer.isStarted {
            settle(transfer, .failure(Self.error(code, mayHaveArrived: transfer.mayHaveArrived)))
        }
        startWaiting()
    }

    // MARK: What happens meanwhile

    private func cancel(_ id: Transfer.ID) {
        guard let transfer = transfers[id] else { return }
        finish(transfer, .failure(.cancelled(requestMayHaveArrived: transfer.mayHaveArrived)))
    }

    private func accept(
        _ id: Transfer.ID,
        _ pull: UploadBody.Pull,
        _ answer: Result<[UInt8], UploadBody.ReadFailure>
    ) {
        guard let transfer = transfers[id] else { return }
        do {
            guard try transfer.body.accept(pull, answer) else { return }
            let code = curl_easy_pause(transfer.easy.pointer, CURLPAUSE_CONT)
            if code != CURLE_OK { finish(transfer, transfer.result(code)) }
        } catch {
            let error = HTTPError.bodySource(
                error.text,
                requestMayHaveArrived: transfer.mayHaveArrived
            )
            finish(transfer, .failure(error))
        }
    }

    private func watchOver(_ transfer: Transfer) {
        let id = transfer.id
        if let error = transfer.watch(now: .now) {
            finish(transfer, .failure(error))
            return
        }
        transfer.timer = loop.schedule(after: transfer.interval) { [weak self] in
            self?.assumeIsolated { client in
                if let transfer = client.transfers[id] { client.watchOver(transfer) }
            }
        }
    }

    static func error(_ code: CURLMcode, mayHaveArrived: Bool = false) -> HTTPError {
        let text = curl_multi_strerror(code).map { String(cString: $0) } ?? ""
        return .other(
            code: Int(code.rawValue),
            "multi: \(text)",
            requestMayHaveArrived: mayHaveArrived
        )
    }
}
