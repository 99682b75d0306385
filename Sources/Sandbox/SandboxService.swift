internal import Crypto
internal import FoundationEssentials
internal import HTTP
internal import JSON
internal import Synchronization

/// Joins the rules to the network and to the real clock.
final class SandboxService: Sendable {
    private let state: Mutex<SandboxState>

    /// Largest body of a JSON or form request, in bytes.
    private static let bodyBytesMax = 1 << 20

    init(_ options: SandboxOptions) {
        state = Mutex(SandboxState(options))
    }

    /// The only way to the state: one at a time, and never across a wait.
    func with<Value: Sendable>(_ body: (inout SandboxState, Int64) -> Value) -> Value {
        let instant = Int64(Date().timeIntervalSince1970 * 1000)
        return state.withLock { body(&$0, instant) }
    }

    func respond(to request: HTTPServerRequest) async -> HTTPServerResponse {
        var head = SandboxRequest(
            request.method,
            request.path,
            query: request.query,
            headers: request.headers,
            contentLength: request.contentLength
        )
        switch head.endpoint {
        case .upload: return await receiveChunk(head, request.body)
        case .sink: return await swallow(head, request.body)
        default: break
        }
        do throws(HTTPServerError) {
            guard let body = try await request.body.collect(limit: Self.bodyBytesMax) else {
                return HTTPServerResponse(status: 413, text: "the body is too large")
            }
            head.body = body
        } catch {
            return HTTPServerResponse(status: 400, text: error.description)
        }
        let whole = head
        return HTTPServerResponse(with { $0.handle(whole, at: $1) })
    }

    // MARK: Bytes

    private func receiveChunk(
        _ head: SandboxRequest,
        _ body: HTTPServerBody
    ) async -> HTTPServerResponse {
        let step = with { $0.beginChunk(head, at: $1) }
        guard case .receive(var reception) = step else {
            guard case .answer(let answer) = step else { return HTTPServerResponse(status: 500) }
            return HTTPServerResponse(answer)
        }
        do throws(HTTPServerError) {
            while !reception.isCutOff, let piece = try await body.next() {
                reception.take(piece)
            }
        } catch {
            let broken = reception
            with { $0.abandonChunk(broken, at: $1) }
            return HTTPServerResponse(status: 400, text: error.description)
        }
        let ended = reception
        guard !ended.isCutOff else {
            with { $0.abandonChunk(ended, at: $1) }
            return HTTPServerResponse(status: 500, delivery: .reset)
        }
        return HTTPServerResponse(with { $0.endChunk(ended, at: $1) })
    }

    /// Reads and forgets; `?hash=1` hashes.
    private func swallow(_ head: SandboxRequest, _ body: HTTPServerBody) async -> HTTPServerResponse
    {
        let stream = head.queryValue("hash") == "1" ? SHA256Stream() : nil
        var count: Int64 = 0
        do throws(HTTPServerError) {
            while let piece = try await body.next() {
                count += Int64(piece.count)
                stream?.update(piece)
            }
        } catch {
            return HTTPServerResponse(status: 400, text: error.description)
        }
        with { state, _ in state.countSink() }
        let sha256 = stream.map { JSONValue.string($0.finish()) } ?? .null
        return HTTPServerResponse(.json(["bytes": .integer(count), "sha256": sha256]))
    }
}

extension HTTPServerResponse {
    init(_ answer: SandboxAnswer) {
        // A status of 0 stands for "no answer"; it never travels.
        self.init(
            status: answer.status == 0 ? 500 : answer.status,
            headers: answer.headers,
            body: answer.body,
            delivery: Delivery(answer.delivery)
        )
    }
}

extension HTTPServerResponse.Delivery {
    init(_ delivery: SandboxAnswer.Delivery) {
        switch delivery {
        case .whole: self = .whole
        case .slowly(let bytesPerSecond): self = .slowly(bytesPerSecond: bytesPerSecond)
        case .truncated(let count): self = .truncated(after: count)
        case .reset: self = .reset
        case .hang: self = .hang
        }
    }
}
