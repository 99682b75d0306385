import Foundation
import Glibc
import Synchronization

/// A throw-away PostgreSQL 15 in a folder of its own, reached through a Unix socket in that folder
/// or a free port of 127.0.0.1.
///
/// Its superuser is `tester`, without a password; a role named `locked` must give one.
final class PostgresTestServer: Sendable {
    struct Trouble: Error {
        let what: String
    }

    let folder: String
    let port: UInt16
    private let server = Mutex<Process?>(nil)
    private static let binaries = "/usr/lib/postgresql/15/bin"

    /// Makes the database cluster and starts it; `settings` are lines for `postgresql.conf`.
    init(settings: [String] = []) throws {
        folder = try Self.makeFolder()
        port = try Self.freePort()
        let initdb = try launch([
            "\(Self.binaries)/initdb", "-D", "\(folder)/data", "-U", "tester", "-A", "trust",
            "-E", "UTF8", "--locale=C", "--no-sync",
        ])
        initdb.waitUntilExit()
        guard initdb.terminationStatus == 0 else { throw Trouble(what: "initdb: \(log)") }
        let lines = [
            "listen_addresses = '127.0.0.1'", "port = \(port)", "fsync = off",
            "unix_socket_directories = '\(folder)'", "shared_buffers = 16MB",
        ]
        try write(lines + settings, to: "postgresql.auto.conf")
        try write(
            [
                "local all locked scram-sha-256", "local all all trust",
                "host all all 127.0.0.1/32 trust",
            ],
            to: "pg_hba.conf"
        )
        try start()
    }

    deinit { remove() }

    private func remove() {
        stop(SIGQUIT)
        try? FileManager.default.removeItem(atPath: folder)  // What is left in /tmp harms nobody.
    }

    /// A server for a whole suite; it goes with the test process, because statics have no `deinit`.
    static func untilExit(settings: [String] = []) -> Result<PostgresTestServer, any Error> {
        Result {
            let server = try PostgresTestServer(settings: settings)
            let isFirst = shared.withLock { shared in
                shared.append(server)
                return shared.count == 1
            }
            if isFirst {
                atexit { PostgresTestServer.shared.withLock { $0 }.forEach { $0.remove() } }
            }
            return server
        }
    }

    private static let shared = Mutex<[PostgresTestServer]>([])

    var url: String { url(user: "tester", database: "postgres") }

    func url(user: String, database: String) -> String {
        "postgresql://\(user)@/\(database)?host=\(folder)&port=\(port)"
    }

    /// Starts the stopped or killed server and waits until it answers.
    func start() throws {
        for _ in 0..<10 {
            let process = try launch(["\(Self.binaries)/postgres", "-D", "\(folder)/data"])
            server.withLock { $0 = process }
            while process.isRunning {
                let ready = try launch([
                    "\(Self.binaries)/pg_isready", "-q", "-t", "5", "-h", folder, "-p", "\(port)",
                ])
                ready.waitUntilExit()
                if ready.terminationStatus == 0 { return }
                usleep(20_000)
            }
            // The children of a killed server may take a moment to notice.
            usleep(100_000)
        }
        throw Trouble(what: "the server does not start: \(log)")
    }

    /// Ends the server with `number`: SIGKILL is a power cut, SIGINT a shutdown.
    func stop(_ number: CInt) {
        signal(number)
        server.withLock { $0.take() }?.waitUntilExit()
    }

    func signal(_ number: CInt) {
        server.withLock { process in
            guard let process, process.isRunning else { return }
            kill(process.processIdentifier, number)
        }
    }

    private var log: String {
        (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "no log"
    }

    private func write(_ lines: [String], to file: String) throws {
        try (lines.joined(separator: "\n") + "\n")
            .write(toFile: "\(folder)/data/\(file)", atomically: false, encoding: .utf8)
    }

    /// PostgreSQL refuses to run as root.
    ///
    /// `setpriv` replaces itself, so the pid is the program's.
    private func launch(_ command: [String]) throws -> Process {
        let asOther = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = (geteuid() == 0 ? asOther : []) + command
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let descriptor = open("\(folder)/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Trouble(what: "no log file") }
        let output = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        return process
    }

    private static func makeFolder() throws -> String {
        var template = "/tmp/postgres-test-XXXXXX".utf8CString.map(\.self)
        guard mkdtemp(&template) != nil else { throw Trouble(what: "no folder") }
        if geteuid() == 0, let user = getpwnam("postgres") {
            chown(template, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        let bytes = template.dropLast().map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failed = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            guard bind(descriptor, pointer, length) == 0 else { return true }
            return getsockname(descriptor, pointer, &length) != 0
        }
        guard !failed else { throw Trouble(what: "no free port") }
        return UInt16(bigEndian: address.sin_port)
    }
}
