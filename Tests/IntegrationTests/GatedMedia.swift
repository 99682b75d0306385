import EventLoop
import HTTP
import Support
import Synchronization

/// A host of media that answers nobody before it is told to, as a slow one does.
final class GatedMedia: Sendable {
    /// `http://127.0.0.1:PORT/`; every path below is the same file.
    let url: String
    private let port: UInt16
    private let loop: EventLoop
    private let server: HTTPServer
    private let gate: Gate

    /// Runs a test with such a host, and takes it down again however the test ends.
    static func run(
        _ file: [UInt8],
        _ body: (GatedMedia) async throws -> Void
    ) async throws {
        let media = try await GatedMedia(file)
        do {
            try await body(media)
        } catch {
            await media.stop()
            throw error
        }
        await media.stop()
    }

    private init(_ file: [UInt8]) async throws {
        let gate = Gate()
        self.gate = gate
        loop = EventLoop(name: "gated-media")
        server = HTTPServer(on: loop) { request in
            await gate.pass()
            return Self.answer(request, file)
        }
        port = try await server.listen(host: "127.0.0.1", port: 0)
        url = "http://127.0.0.1:\(port)/"
    }

    /// How many stand at the gate, or have passed it.
    var arrived: Int { gate.arrived }

    /// Most that stood there at the same time.
    var mostAtOnce: Int { gate.mostAtOnce }

    func open() { gate.open() }

    private func stop() async {
        gate.open()
        await server.stop()
        loop.stop()
    }

    private static func answer(
        _ request: HTTPServerRequest,
        _ file: [UInt8]
    ) -> HTTPServerResponse {
        let ends = (request.headers["Range"] ?? "").dropFirst("bytes=".count)
            .split(separator: "-").compactMap { Int($0) }
        let range = (ends.count == 2 ? ends[0]..<ends[1] + 1 : 0..<file.count)
            .clamped(to: 0..<file.count)
        return HTTPServerResponse(
            status: 206,
            headers: [
                "Content-Range": "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.count)",
                "ETag": "\"one\"",
            ],
            body: Array(file[range])
        )
    }
}

/// Lets nobody through until it is opened, and everybody afterwards.
private final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var arrived = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var mostAtOnce = 0
    }

    private let state = Mutex(State())

    var arrived: Int { state.withLock(\.arrived) }
    var mostAtOnce: Int { state.withLock(\.mostAtOnce) }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                state.arrived += 1
                if !state.isOpen { state.waiting.append(continuation) }
                state.mostAtOnce = max(state.mostAtOnce, state.waiting.count)
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.isOpen = true
            return state.waiting
        }
        for one in waiting { one.resume() }
    }
}
