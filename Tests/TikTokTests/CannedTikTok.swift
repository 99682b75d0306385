import JSON
import Synchronization
import TikTok

@testable import HTTP

/// Answers every request with the same reply and remembers what was asked.
final class CannedTikTok: Sendable {
    private let seen = Mutex<[HTTPRequest]>([])
    private let reply: Result<HTTPResponse, HTTPError>

    init(_ reply: Result<HTTPResponse, HTTPError>) {
        self.reply = reply
    }

    convenience init(status: Int = 200, headers: HTTPHeaders = [:], _ body: String) {
        self.init(
            .success(
                HTTPResponse(
                    status: status,
                    headers: headers,
                    body: Array(body.utf8),
                    bytesSent: 0,
                    httpVersion: "1.1"
                )
            )
        )
    }

    var requests: [HTTPRequest] { seen.withLock { $0 } }

    var lastBody: JSONValue? {
        guard case .bytes(let bytes) = requests.last?.body else { return nil }
        return try? JSONValue(parsing: bytes)
    }

    var lastForm: String? {
        guard case .bytes(let bytes) = requests.last?.body else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    var api: TikTokAPI { TikTokAPI(send: send) }

    func header(_ name: String) -> String? {
        requests.last?.headers[name]
    }

    private func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        seen.withLock { $0.append(request) }
        return try reply.get()
    }
}

/// An envelope that says yes.
func envelope(_ data: String) -> String {
    #"{"data":\#(data),"error":{"code":"ok","message":"","log_id":"2026LOG"}}"#
}

/// An envelope that says no.
func refusal(_ code: String, _ message: String = "no") -> String {
    #"{"data":{},"error":{"code":"\#(code)","message":"\#(message)","log_id":"2026LOG"}}"#
}

/// The error of a call that has to fail.
func error<Value>(
    of call: () async throws(TikTokError) -> Value
) async -> TikTokError? {
    do throws(TikTokError) {
        _ = try await call()
        return nil
    } catch {
        return error
    }
}
