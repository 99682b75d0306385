import Crypto
import HTTP
import JSON
import Testing

@testable import Sandbox

/// The pure state with one account, a clock that stands still, and short ways to ask.
struct World {
    var state: SandboxState
    var now: Int64 = 1_790_000_000_000
    var connection: SandboxConnection
    let account: SandboxAccount

    static let media = "https://media.example.org/p/"

    init(
        _ account: SandboxAccount = SandboxAccount("mira"),
        options change: (inout SandboxOptions) -> Void = { _ in }
    ) {
        var options = SandboxOptions()
        options.seed = 7
        options.verifiedPrefixes = [Self.media]
        change(&options)
        state = SandboxState(options)
        self.account = account
        connection = state.addAccount(account, at: now)
    }

    // MARK: Asking

    mutating func send(_ request: SandboxRequest) -> Reply {
        Reply(state.handle(request, at: now))
    }

    mutating func post(_ endpoint: SandboxEndpoint, _ body: JSONValue? = nil) -> Reply {
        send(request(endpoint, body))
    }

    func request(_ endpoint: SandboxEndpoint, _ body: JSONValue? = nil) -> SandboxRequest {
        SandboxRequest(
            endpoint.method,
            endpoint.path ?? "/",
            headers: [
                "Authorization": "Bearer \(connection.accessToken)",
                "Content-Type": "application/json; charset=UTF-8",
            ],
            body: body?.encoded ?? []
        )
    }

    mutating func form(_ endpoint: SandboxEndpoint, _ fields: [String: String]) -> Reply {
        let body = fields.map { "\($0)=\($1)" }.sorted().joined(separator: "&")
        return send(
            SandboxRequest(
                "POST",
                endpoint.path ?? "/",
                headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: Array(body.utf8)
            )
        )
    }

    mutating func refresh(_ token: String) -> Reply {
        form(
            .token,
            [
                "client_key": "sandbox-client-key", "client_secret": "sandbox-client-secret",
                "grant_type": "refresh_token", "refresh_token": token,
            ]
        )
    }

    mutating func status(_ publishID: String) -> Reply {
        post(.status, ["publish_id": .string(publishID)])
    }

    mutating func wait(seconds: Int64) {
        now += seconds * 1000
    }

    // MARK: Uploading

    /// Begins an upload and says where its bytes go.
    mutating func begin(
        size: Int64,
        chunk: Int64,
        _ endpoint: SandboxEndpoint = .videoInit,
        title: String = "loaf"
    ) throws -> Started {
        let reply = post(endpoint, .video(size: size, chunk: chunk, title: title))
        try #require(reply.status == 200, "\(reply.body)")
        let url = try #require(reply.data["upload_url"]?.string)
        let query = try #require(url.split(separator: "?").last).split(separator: "&").map {
            let parts = $0.split(separator: "=")
            return (String(parts[0]), String(parts[1]))
        }
        return Started(
            publishID: try #require(reply.data["publish_id"]?.string),
            query: query,
            size: size
        )
    }

    mutating func put(
        _ upload: Started,
        _ range: ClosedRange<Int64>,
        byte: UInt8 = 7,
        _ change: (inout SandboxRequest) -> Void = { _ in }
    ) -> SandboxAnswer {
        var request = SandboxRequest(
            "PUT",
            "/video/",
            query: upload.query,
            headers: [
                "Content-Type": "video/mp4",
                "Content-Range": "bytes \(range.lowerBound)-\(range.upperBound)/\(upload.size)",
            ],
            body: [UInt8](repeating: byte, count: range.count),
            contentLength: Int64(range.count)
        )
        change(&request)
        return state.handle(request, at: now)
    }

    /// A small video, all its bytes sent.
    mutating func upload(title: String = "loaf") throws -> String {
        let upload = try begin(size: 1000, chunk: 1000, title: title)
        #expect(put(upload, 0...999).status == 201)
        return upload.publishID
    }

    var violations: [String] { state.report(at: now).violations.map(\.what) }
}

struct Started {
    let publishID: String
    let query: [(String, String)]
    let size: Int64
}

/// An answer, opened.
struct Reply {
    let answer: SandboxAnswer
    let body: JSONValue

    init(_ answer: SandboxAnswer) {
        self.answer = answer
        // Answers that are no JSON are compared as bytes.
        body = (try? JSONValue(parsing: answer.body)) ?? .null
    }

    var status: Int { answer.status }
    var code: String { body["error"]?["code"]?.string ?? body["error"]?.string ?? "" }
    var message: String { body["error"]?["message"]?.string ?? "" }
    var data: JSONValue { body["data"] ?? .null }
}

// MARK: Documents

extension JSONValue {
    static func video(
        size: Int64 = 1000,
        chunk: Int64 = 1000,
        count: Int64? = nil,
        title: String = "loaf",
        privacy: String = "PUBLIC_TO_EVERYONE"
    ) -> JSONValue {
        [
            "post_info": ["title": .string(title), "privacy_level": .string(privacy)],
            "source_info": [
                "source": "FILE_UPLOAD", "video_size": .integer(size),
                "chunk_size": .integer(chunk),
                "total_chunk_count": .integer(count ?? size / max(chunk, 1)),
            ],
        ]
    }

    static func pull(_ url: String = World.media + "1.mp4") -> JSONValue {
        video().setting(
            "source_info",
            ["source": "PULL_FROM_URL", "video_url": .string(url)]
        )
    }

    static func photos(mode: String = "DIRECT_POST") -> JSONValue {
        [
            "media_type": "PHOTO", "post_mode": .string(mode),
            "post_info": [
                "title": "Three loaves", "description": "Crust",
                "privacy_level": "PUBLIC_TO_EVERYONE",
            ],
            "source_info": [
                "source": "PULL_FROM_URL", "photo_cover_index": 0,
                "photo_images": [.string(World.media + "1.jpg"), .string(World.media + "2.webp")],
            ],
        ]
    }

    /// The document with one member, named by a path with dots, replaced; `nil` removes it.
    func setting(_ path: String, _ value: JSONValue?) -> JSONValue {
        guard case .object(var members) = self else { return self }
        let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
        if parts.count == 1 {
            members[parts[0]] = value
        } else {
            members[parts[0]] = members[parts[0]]?.setting(parts[1], value)
        }
        return .object(members)
    }
}
