import Foundation
import HTTP
import JSON
import Support
import Testing

@testable import Publishing

/// The media of a post, looked at where TikTok will fetch them.
struct PulledMediaTests {
    /// Checks photos given as `/path` on the server or as any other text.
    private func check(
        _ photos: [String],
        prefix: String? = "/public",
        memory: UploadMemory = UploadMemory(ceiling: 256 << 20),
        _ script: @escaping @Sendable (RangeQuestion) -> HTTPServerResponse
    ) async throws -> (addresses: [String], failure: Failure?, targets: [String]) {
        var answer: (addresses: [String], failure: Failure?, targets: [String]) = ([], nil, [])
        try await RangeServer.run(script) { server in
            let media = PulledMedia(
                server.client,
                allowed: server.allowed,
                prefix: try prefix.map {
                    try MediaURLPrefix(server.origin + $0, allowed: server.allowed)
                },
                memory: memory,
                wholePhoto: RangeServer.limits
            )
            do throws(Stop) {
                answer.addresses = try await media.check(
                    photos: photos.map {
                        MediaReference($0.hasPrefix("/") ? server.origin + $0 : $0)
                    }
                ).map { $0.replacing(server.origin, with: "") }
            } catch {
                switch error {
                case .refused(let failure), .failed(let failure): answer.failure = failure
                default: Issue.record(error)
                }
            }
            answer.targets = server.questions.map(\.target)
        }
        return answer
    }

    private func samples() throws -> @Sendable (RangeQuestion) -> HTTPServerResponse {
        let photo = try Samples.bytes("baseline.jpg")
        let other = try Samples.bytes("lossy.webp")
        let picture = try Samples.bytes("picture.png")
        return { question in
            switch question.target {
            case let path where path.contains(".png"): question.reply(of: picture)
            case let path where path.contains(".webp"): question.reply(of: other)
            case let path where path.contains("whole"): HTTPServerResponse(status: 200, body: photo)
            case let path where path.contains("moved"):
                HTTPServerResponse(status: 302, headers: ["Location": "/a.jpg"])
            case let path where path.contains("huge"):
                HTTPServerResponse(
                    status: 206,
                    headers: ["Content-Range": "bytes 0-65535/30000000"],
                    body: photo.prefix(65_536)
                        + [UInt8](repeating: 0, count: max(0, 65_536 - photo.count))
                )
            default: question.reply(of: photo)
            }
        }
    }

    @Test func `photos become the addresses that TikTok is given, in order`() async throws {
        let answer = try await check(
            ["/a.jpg?X-Signature=b%2Fc", "summer/tag ä%.jpg", "/b.webp"],
            try samples()
        )

        #expect(answer.failure == nil)
        let addresses = [
            "/a.jpg?X-Signature=b%2Fc", "/public/summer/tag%20%C3%A4%25.jpg", "/b.webp",
        ]
        #expect(answer.addresses == addresses)
        // A few at once.
        #expect(answer.targets.sorted() == addresses.sorted())
    }

    @Test func `a server that ignores ranges is good enough for a photo`() async throws {
        let file = try Samples.bytes("baseline.jpg")
        let answer = try await check(["/whole.jpg"]) { _ in
            HTTPServerResponse(status: 200, body: file)
        }

        // The small limits of the tests allow 64 KiB, the prober's own 20 MB.
        #expect(file.count <= 65_536 && answer.failure == nil)
        #expect(RemoteLimits.wholePhoto.wholeBytes == 20_971_520)
    }

    @Test func `a job's own photos never wait for each other's room`() async throws {
        let memory = UploadMemory(
            ceiling: UploadMemory.bytesOfWholePhoto,
            share: UploadMemory.bytesOfWholePhoto,
            patience: .milliseconds(1)
        )
        let answer = try await check(
            (0..<12).map { "/whole\($0).jpg" },
            memory: memory,
            try samples()
        )

        #expect(answer.failure == nil)
        #expect(answer.addresses.count == 12)
        #expect(memory.standing.free == UploadMemory.bytesOfWholePhoto)
    }

    @Test func `a photo too large for TikTok is refused for that by any server`() async throws {
        let picture = try Samples.bytes("baseline.jpg")
        let huge = picture + [UInt8](repeating: 0, count: 21_000_000 - picture.count)
        let announced = try await check(["/huge.jpg"]) { _ in
            HTTPServerResponse(status: 200, body: huge)
        }

        #expect(announced.failure?.code == "media_too_large")
        let words = "photos[0]: The file has 21000000 bytes; TikTok takes at most 20971520."
        #expect(announced.failure?.message == words)
        // What is announced is not fetched to find out.
        #expect(announced.targets.count == 1)
    }

    @Test(
        arguments: [
            (RemoteLimits.wholePhoto, nil, "media_too_large"),
            (.wholePhoto, 20_971_521, "media_too_large"),
            (.wholePhoto, 20_971_520, "media_url_without_ranges"),
            (RemoteLimits(), nil, "media_url_without_ranges"),
            (RemoteLimits(), 5_000_000_000, "media_url_without_ranges"),
        ] as [(RemoteLimits, Int64?, String)]
    )
    func `more than was asked for is too large, or has no ranges`(
        _ limits: RemoteLimits,
        _ announced: Int64?,
        _ code: String
    ) {
        let error = HTTPError.responseTooLarge(.body(announced: announced))

        guard case .final(let stop) = RangeReply(error, pinned: nil, limits: limits) else {
            Issue.record("asked again")
            return
        }
        #expect(stop.failureCode == code)
    }

    @Test func `a photo that TikTok would refuse is named by its place`() async throws {
        let type = try await check(["/a.jpg", "/b.png"], try samples())
        let size = try await check(["/huge.jpg"], try samples())
        let moved = try await check(["/a.jpg", "/b.webp", "/moved.jpg"], try samples())

        #expect(type.failure?.code == "media_type_unknown")
        #expect(type.failure?.message.hasPrefix("photos[1]: The file is a PNG picture") == true)
        #expect(size.failure?.code == "media_too_large")
        #expect(size.failure?.message.contains("30000000 bytes") == true)
        #expect(size.failure?.message.contains("at most 20971520") == true)
        #expect(moved.failure?.code == "media_url_redirects")
        #expect(moved.failure?.message.hasPrefix("photos[2]: ") == true)
        #expect(moved.failure?.action.contains("it leads to") == true)
    }

    struct Refusal: Sendable {
        let photo: String
        let code: String
        let reason: String
    }

    @Test(arguments: [
        Refusal(photo: "../secret.jpg", code: "media_path_refused", reason: "has a \"..\" part"),
        Refusal(photo: "a/..\\b.jpg", code: "media_path_refused", reason: "has a backslash"),
        Refusal(photo: "..\u{FF0F}b.jpg", code: "media_path_refused", reason: "has a \"..\" part"),
        Refusal(photo: "%2e%2e/b.jpg", code: "media_url_refused", reason: "second encoding"),
        Refusal(photo: "a\u{0}.jpg", code: "media_path_refused", reason: "control character"),
        Refusal(photo: "", code: "media_path_refused", reason: "is empty"),
        Refusal(photo: "/%2e%2e/b.jpg", code: "media_url_refused", reason: "has a \"..\" part"),
        Refusal(photo: "/public/../b.jpg", code: "media_url_refused", reason: "has a \"..\" part"),
        Refusal(photo: "/a%5Cb.jpg", code: "media_url_refused", reason: "has a backslash"),
        Refusal(photo: "/a\\b.jpg", code: "media_url_refused", reason: "has a backslash"),
        Refusal(photo: "/%c0%ae%c0%ae/b.jpg", code: "media_url_refused", reason: "encodes no text"),
        Refusal(photo: "/a\r\nHost: b", code: "media_url_refused", reason: "control character"),
        Refusal(photo: "https://cdn.example/a.jpg", code: "media_url_refused", reason: "not allow"),
        Refusal(photo: "file:///etc/passwd", code: "media_url_refused", reason: "cannot be read"),
    ])
    func `an address that may lead astray is refused before anything is fetched`(
        row: Refusal
    ) async throws {
        let answer = try await check(["/a.jpg", row.photo], try samples())

        #expect(answer.failure?.code == row.code)
        #expect(answer.failure?.message.contains(row.reason) == true)
        #expect(answer.failure?.message.hasPrefix("photos[1]: ") == true)
        #expect(answer.targets.isEmpty)
    }

    @Test func `a path needs a prefix, and a prefix is an address without a query`() async throws {
        let answer = try await check(["a.jpg"], prefix: nil, try samples())

        #expect(answer.failure?.code == "media_url_prefix_unset")
        for text in [
            "http://cdn.example/", "https://cdn.example/?a=", "https://cdn.example/#a",
            "https://cdn.example/?",
            "https://cdn.example/a/%2e%2e", "https://10.0.0.1/a", "cdn.example",
        ] {
            #expect(throws: URLRefusal.self) { try MediaURLPrefix(text, allowed: .anyPublic) }
        }
        #expect(
            try MediaURLPrefix("https://CDN.example/a", allowed: .anyPublic).text
                == "https://cdn.example/a/"
        )
    }

    // MARK: Videos

    /// Checks a pulled video that a server answers with as it likes.
    private func checkVideo(
        _ script: @escaping @Sendable (RangeQuestion) -> HTTPServerResponse
    ) async throws -> Result<Double?, any Error> {
        var result: Result<Double?, any Error> = .success(nil)
        try await RangeServer.run(script) { server in
            let job = try Document.read(
                Document.with(["video": .string(server.origin + "/a.mp4"), "transfer": "pull"])
            )
            let media = PulledMedia(
                server.client,
                allowed: server.allowed,
                prefix: nil,
                memory: UploadMemory(ceiling: 256 << 20)
            )
            do {
                let checked = try await media.check(job)
                #expect(checked.addresses == [server.origin + "/a.mp4"])
                try checked.checkLength(most: 60)
                result = .success(checked.seconds)
            } catch {
                result = .failure(error)
            }
        }
        return result
    }

    @Test func `a pulled video is refused as one that is uploaded`() async throws {
        var slow = TestMovie()
        slow.runs = [(10, 3000)]
        var long = TestMovie()
        long.runs = [(3000, 1000)]
        let expected = [
            ("media_frame_rate", slow.file()), ("media_too_long", long.file()),
            ("media_type_unknown", try Samples.bytes("picture.png")),
        ]
        for (code, file) in expected {
            let result = try await checkVideo { $0.reply(of: file) }
            let stop = #expect(throws: Stop.self) { try result.get() }
            #expect(stop?.failureCode == code)
        }
        let good = try await checkVideo { $0.reply(of: TestMovie().file()) }
        #expect(try good.get() == 10)
    }

    @Test func `a pulled video needs no server of ranges`() async throws {
        let movie = TestMovie().file(content: 200_000)
        let result = try await checkVideo { _ in HTTPServerResponse(status: 200, body: movie) }

        #expect(try result.get() == nil)
    }
}
