/// A throw-away server of any kind, and what may happen to it.
package protocol PrivateServer: Sendable {
    /// The server's process, running or not.
    var process: ServerProcess { get }
}

extension PrivateServer {
    /// The running process; `nil` when it was stopped.
    package var pid: Int32? { get async { await process.pid } }

    /// The last 4 KiB the server wrote since its latest start.
    package var logTail: String { get async { await process.logTail } }

    /// Ends it in an orderly way, with its connections; harmless when it does not run.
    package func stop() async { await process.stop() }

    /// Ends it and its helpers with SIGKILL.
    package func kill() async { await process.kill() }

    /// Freezes it and its helpers (SIGSTOP): connections stay open and nothing is answered.
    package func pause() async { await process.pause() }

    /// Lets it go on after `pause`.
    package func resume() async { await process.resume() }

    /// Starts it again on the same port with the same data, stopping it first when it runs.
    ///
    /// - Throws: `PrivateServerError` with the end of the log; then nothing runs.
    package func restart() async throws(PrivateServerError) { try await process.restart() }
}
