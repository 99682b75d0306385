package import Processes

/// Why a throw-away server or folder is not to be had.
package enum PrivateServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The server's programs are not on this machine.
    case notInstalled(server: String, package: String)
    /// The server ended instead of starting; `log` is the end of what it said.
    case ended(server: String, log: String)
    /// The server did not get ready in time.
    case notReady(server: String, within: Duration, log: String)
    /// A folder or file could not be made, read or removed.
    case folder(path: String, reason: String)
    case process(ProcessError)

    package var description: String {
        switch self {
        case .notInstalled(let server, let package):
            "\(server) is not installed (Debian package \(package))"
        case .ended(let server, let log):
            "\(server) ended instead of starting; it said:\n\(log)"
        case .notReady(let server, let limit, let log):
            "\(server) was not ready within \(limit); it said:\n\(log)"
        case .folder(let path, let reason):
            "\(path): \(reason)"
        case .process(let error):
            error.description
        }
    }
}
