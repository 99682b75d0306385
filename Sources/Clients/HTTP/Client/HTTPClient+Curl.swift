internal import CCurl
internal import EventLoop

/// What curl asks of the loop, and what the loop tells curl.
extension HTTPClient {
    func openMulti() throws(HTTPError) {
        guard multi == nil else { return }
        guard let multi = curl_multi_init() else { throw Self.error(CURLM_OUT_OF_MEMORY) }
        let context = Unmanaged.passUnretained(self).toOpaque()
        let codes = [
            curl_multi_on_socket(
                multi,
                { _, socket, interest, context, _ in
                    HTTPClient.from(context)?.assumeIsolated { client in
                        client.watch(socket, for: interest)
                    }
                    return 0
                },
                context
            ),
            curl_multi_on_timer(
                multi,
                { _, milliseconds, context in
                    HTTPClient.from(context)?.assumeIsolated { client in
                        client.setTimer(milliseconds)
                    }
                    return 0
                },
                context
            ),
            curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, options.connectionsMax),
            curl_multi_set_long(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING),
        ]
        if let code = codes.first(where: { $0 != CURLM_OK }) {
            curl_multi_cleanup(multi)
            throw Self.error(code)
        }
        self.multi = multi
    }

    /// Closes the kept-alive connections.
    ///
    /// No transfer may be left.
    func closeMulti() {
        guard let multi else { return }
        self.multi = nil
        // curl would call back while this actor may already be going away.
        curl_multi_on_socket(multi, nil, nil)
        curl_multi_on_timer(multi, nil, nil)
        for socket in watchedSockets { loop.unwatch(socket) }
        watchedSockets = []
        if let multiTimer { loop.cancel(multiTimer) }
        multiTimer = nil
        curl_multi_cleanup(multi)
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> HTTPClient? {
        context.map { Unmanaged<HTTPClient>.fromOpaque($0).takeUnretainedValue() }
    }

    private func watch(_ socket: CInt, for interest: CInt) {
        guard interest != CURL_POLL_REMOVE else {
            watchedSockets.remove(socket)
            loop.unwatch(socket)
            return
        }
        var readiness: Readiness = []
        if interest & CURL_POLL_IN != 0 { readiness.insert(.readable) }
        if interest & CURL_POLL_OUT != 0 { readiness.insert(.writable) }
        watchedSockets.insert(socket)
        loop.watch(socket, for: readiness) { [weak self] ready in
            self?.assumeIsolated { client in
                var mask: CInt = 0
                if ready.contains(.readable) { mask |= CURL_CSELECT_IN }
                if ready.contains(.writable) { mask |= CURL_CSELECT_OUT }
                client.act(on: socket, mask)
            }
        }
    }

    /// Keeps curl's one timer; -1 means none.
    private func setTimer(_ milliseconds: Int) {
        if let multiTimer { loop.cancel(multiTimer) }
        multiTimer = nil
        guard milliseconds >= 0 else { return }
        multiTimer = loop.schedule(after: .milliseconds(milliseconds)) { [weak self] in
            self?.assumeIsolated { client in
                client.multiTimer = nil
                client.act(on: CURL_SOCKET_BAD, 0)
            }
        }
    }

    /// Lets curl work; `CURL_SOCKET_BAD` is also what it calls `CURL_SOCKET_TIMEOUT`.
    private func act(on socket: CInt, _ mask: CInt) {
        guard let multi else { return }
        var running: CInt = 0
        let code = curl_multi_socket_action(multi, socket, mask, &running)
        if code != CURLM_OK { failAll(code) }
        collectFinished()
    }

    private func collectFinished() {
        var left: CInt = 0
        while let multi, let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE else { continue }
            // The message is gone once its handle is removed.
            let code = message.pointee.data.result
            var context: UnsafeMutableRawPointer?
            curl_get_pointer(message.pointee.easy_handle, CURLINFO_PRIVATE, &context)
            guard let transfer = Transfer.from(context) else { continue }
            finish(transfer, transfer.result(code))
        }
    }
}
