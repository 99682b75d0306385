internal import FoundationEssentials
internal import Processes

/// A PostgreSQL of one's own: on a free port of 127.0.0.1, with its data in a temporary folder.
///
/// PostgreSQL refuses to run as root; under root it runs as user postgres, or else nobody.
/// Nothing is synced to disk, which is safe against `kill` and not against a power cut.
package final class PostgresServer: PrivateServer {
    package let port: UInt16
    package let password: String
    /// The folder of the unix socket; `nil` where its path is too long for one.
    package let socketFolder: String?
    private let cluster: PostgresCluster
    package let process: ServerProcess

    /// The superuser's name; the database is `postgres`.
    package static let user = "publisher"

    /// For the superuser, with the password.
    package var url: String {
        "postgresql://\(Self.user):\(password)@127.0.0.1:\(port)/postgres"
    }

    private init(port: UInt16, cluster: PostgresCluster, settings: [String: String]) {
        self.port = port
        self.cluster = cluster
        password = cluster.password
        let socket = SocketPath.fitting("\(cluster.folder)/.s.PGSQL.\(port).lock")
        socketFolder = socket == nil ? nil : cluster.folder
        let settings = Self.usualSettings.merging(
            [
                "port": "\(port)",
                "listen_addresses": "127.0.0.1",
                "unix_socket_directories": socketFolder.map { "\"\($0)\"" } ?? "",
            ]
        ) { $1 }.merging(settings) { $1 }
        let options = settings.sorted { $0.key < $1.key }.flatMap {
            ["-c", "\($0.key)=\($0.value)"]
        }
        process = ServerProcess(
            ServerRecipe(
                name: "PostgreSQL",
                plan: cluster.plan("postgres", ["-D", cluster.data] + options),
                folder: cluster.folder,
                stopSignal: .interrupt,
                isReady: { pid in cluster.isReady(pid: pid) }
            )
        )
    }

    /// Makes a server in a folder of its own inside `folder`, and waits until it accepts
    /// connections.
    ///
    /// - Parameters:
    ///   - folder: what ends the server if nobody else does.
    ///   - settings: of postgresql.conf; they win over the usual ones.
    /// - Returns: the server, accepting connections.
    /// - Throws: `PrivateServerError` with the end of the log; then nothing runs.
    package static func start(
        in folder: TemporaryFolder,
        settings: [String: String] = [:]
    ) async throws(PrivateServerError) -> PostgresServer {
        let cluster = try PostgresCluster(in: folder)
        try await cluster.initialise()
        return try await ServerStart.onFreePort { port throws(PrivateServerError) in
            PostgresServer(port: port, cluster: cluster, settings: settings)
        }
    }

    /// Starts it again as a standby, which answers questions and refuses to write until
    /// `pg_promote`.
    ///
    /// - Throws: as `start`.
    package func restartAsStandby() async throws(PrivateServerError) {
        await stop()
        try cluster.makeStandby()
        try await restart()
    }

    /// Small, and leaving nothing outside its folder.
    private static let usualSettings = [
        "fsync": "off",
        "full_page_writes": "off",
        "max_connections": "100",
        "shared_buffers": "32MB",
        "dynamic_shared_memory_type": "mmap",
        "unix_socket_permissions": "0777",
        "logging_collector": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "jit": "off",
    ]
}
