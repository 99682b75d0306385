internal import CPostgres

/// Asks the server, over a connection of its own, to cancel what a connection is doing.
enum CancelRequest {
    /// `PQcancel` blocks until the server has taken note, so a thread does it.
    ///
    /// - Returns: whether the request is on its way; if so, `whenSent` is called once it has been
    ///   taken, or could not be delivered.
    static func send(
        for handle: OpaquePointer,
        whenSent: @escaping @Sendable () async -> Void
    ) -> Bool {
        guard let cancel = PQgetCancel(handle) else { return false }
        let request = Request(cancel: cancel)
        return BlockingThread.start {
            request.deliver()
            Task { await whenSent() }
        }
    }

    private final class Request: Sendable {
        // `PQcancel` may be called on any thread, and only the one thread has this object.
        private nonisolated(unsafe) let cancel: OpaquePointer

        init(cancel: OpaquePointer) {
            self.cancel = cancel
        }

        deinit { PQfreeCancel(cancel) }

        /// A failure shows itself by the statement going on; its deadline then ends the connection.
        func deliver() {
            var reason = [CChar](repeating: 0, count: 256)
            PQcancel(cancel, &reason, CInt(reason.count))
        }
    }
}
