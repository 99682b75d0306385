internal import Processes

/// What every server's start has in common.
enum ServerStart {
    /// Makes a server for one free port after another, until one starts: between finding a port and
    /// binding it, another process may take it.
    static func onFreePort<Server: PrivateServer>(
        _ make: (UInt16) throws(PrivateServerError) -> Server
    ) async throws(PrivateServerError) -> Server {
        var triesLeft = 5
        while true {
            let port: UInt16
            do {
                port = try Loopback.freePort()
            } catch {
                throw .process(error)
            }
            do {
                let server = try make(port)
                try await server.process.start()
                return server
            } catch .ended(let server, let log) {
                triesLeft -= 1
                guard triesLeft > 0, log.contains("in use") else {
                    throw .ended(server: server, log: log)
                }
            }
        }
    }
}

/// The environment of every private server: nothing of ours, so that no variable of the person who
/// starts it (PGDATA, LANG) changes it or its messages.
enum ServerEnvironment {
    static let variables = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    ]
}

/// File names of unix sockets.
enum SocketPath {
    /// The path, or `nil` when it is longer than the 107 bytes the kernel takes.
    static func fitting(_ path: String) -> String? {
        path.utf8.count <= 107 ? path : nil
    }
}
