import EventLoop
import Glibc
import HTTP
import Support
import Testing

/// Against `openssl s_server`, whose certificates are made for the test.
@Suite(
    .enabled("openssl is not installed") { OpenSSLServer.isAvailable },
    .timeLimit(.minutes(1))
)
struct HTTPClientTLSTests {
    @Test func `a self-signed certificate is refused before anything is sent`() async throws {
        let server = try OpenSSLServer(for: "IP:127.0.0.1")
        defer { server.stop() }

        let error = try #require(await failure(of: server, trusting: false))

        guard case .tls = error else { throw error }
        #expect(!error.requestMayHaveArrived)
    }

    @Test func `a certificate for another name is refused`() async throws {
        let server = try OpenSSLServer(for: "DNS:other.example")
        defer { server.stop() }

        let error = try #require(await failure(of: server, trusting: true))

        guard case .tls = error else { throw error }
        #expect(!error.requestMayHaveArrived)
    }

    @Test func `a trusted certificate is accepted`() async throws {
        let server = try OpenSSLServer(for: "IP:127.0.0.1")
        defer { server.stop() }

        let error = try await failure(of: server, trusting: true)

        #expect(error == nil)
    }

    @Test func `a server without TLS is refused`() async throws {
        try await HTTPFixture.run { connection in
            try connection.write("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")
            connection.waitForEnd()
        } _: { fixture in
            let url = "https://127.0.0.1:\(fixture.server.port)/"

            let error = try #require(await fixture.failure(HTTPRequest("GET", url)))

            guard case .tls = error else { throw error }
        }
    }

    private func failure(of server: OpenSSLServer, trusting: Bool) async throws -> HTTPError? {
        let loop = EventLoop(name: "http-tls")
        defer { loop.stop() }
        var options = HTTPClientOptions()
        if trusting { options.trustedCertificates = server.certificate }
        let client = HTTPClient(on: loop, options: options)
        do {
            let request = HTTPRequest("GET", "https://127.0.0.1:\(server.port)/")
            let response = try await client.send(request)
            #expect(response.status == 200)
            await client.close()
            return nil
        } catch {
            await client.close()
            return error
        }
    }
}

/// One `openssl s_server -www` with a certificate of its own.
private final class OpenSSLServer {
    static let path = "/usr/bin/openssl"
    static var isAvailable: Bool { access(path, X_OK) == 0 }

    let port: UInt16
    let certificate: String
    private let folder: ScratchFolder
    private let process: pid_t

    init(for name: String) throws {
        folder = try ScratchFolder("tls")
        certificate = folder.path + "/certificate.pem"
        let key = folder.path + "/key.pem"
        let (maker, noise) = try Self.launch([
            "req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=test", "-newkey", "ec",
            "-pkeyopt", "ec_paramgen_curve:prime256v1", "-addext", "subjectAltName=\(name)",
            "-keyout", key, "-out", certificate,
        ])
        waitpid(maker, nil, 0)
        close(noise)
        let (server, output) = try Self.launch([
            "s_server", "-accept", "127.0.0.1:0", "-www", "-key", key, "-cert", certificate,
        ])
        process = server
        port = Self.readPort(output)
        close(output)
    }

    func stop() {
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }

    /// Waits for "ACCEPT 127.0.0.1:port"; 0 when the server ended without saying it.
    private static func readPort(_ output: CInt) -> UInt16 {
        var text = ""
        while true {
            let more = read(output)
            text += more
            let words = text.split(separator: "ACCEPT 127.0.0.1:")
            if words.count == 2, words[1].contains("\n") {
                return UInt16(words[1].prefix { $0.isNumber }) ?? 0
            }
            if more.isEmpty { return 0 }
        }
    }

    private static func read(_ descriptor: CInt) -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }

    /// Starts openssl with its standard output on a pipe.
    private static func launch(_ arguments: [String]) throws -> (pid_t, CInt) {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { throw ScriptError.system(errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var pointers = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process: pid_t = 0
        let failed = posix_spawn(&process, path, &actions, nil, &pointers, environ)
        close(ends[1])
        guard failed == 0 else { throw ScriptError.system(failed) }
        return (process, ends[0])
    }
}
