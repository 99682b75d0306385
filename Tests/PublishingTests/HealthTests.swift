import FoundationEssentials
import Synchronization
import Testing
import TikTok

@testable import HTTP
@testable import Publishing

/// What counts as an outage of TikTok's, and what as one of Redis's risks.
struct HealthTests {
    private static let api = APIAddress.tiktok

    /// A TikTok whose next answers are given.
    private final class Scene: Sendable {
        let health = TikTokHealth(api: HealthTests.api)
        let changes = Mutex<[String]>([])

        init() {
            health.onChange { [changes = self] change in
                let text =
                    switch change {
                    case .away(let side, let reason): "\(side.rawValue) away: \(reason)"
                    case .back(let side, _): "\(side.rawValue) back"
                    }
                changes.changes.withLock { $0.append(text) }
            }
        }

        func answer(_ status: Int, upload: String? = nil) async {
            await call(upload) { _ throws(HTTPError) in
                HTTPResponse(
                    status: status,
                    headers: [:],
                    body: [],
                    bytesSent: 0,
                    httpVersion: "1.1"
                )
            }
        }

        func fail(_ error: HTTPError, upload: String? = nil) async {
            await call(upload) { _ throws(HTTPError) in throw error }
        }

        private func call(_ upload: String?, _ send: @escaping TikTokAPI.Send) async {
            let url =
                upload.map { "https://open-upload.tiktokapis.com" + $0 }
                ?? HealthTests.api.text + "/v2"
            // How the call ends is what the health looks at, not this test.
            _ = try? await health.watching(send)(HTTPRequest("POST", url))
        }
    }

    @Test func `five calls in a row that reach nobody are an outage, told once`() async {
        let scene = Scene()

        for _ in 0..<4 { await scene.fail(.cannotConnect("refused")) }
        #expect(!scene.health.isAway(.api) && scene.health.nextProbe(of: .api) == nil)
        for _ in 0..<4 { await scene.answer(503) }

        #expect(scene.health.isAway(.api) && scene.health.nextProbe(of: .api) != nil)
        #expect(scene.changes.withLock { $0 } == ["tiktok away: HTTP 503"])
        await scene.answer(401)
        #expect(!scene.health.isAway(.api) && scene.health.nextProbe(of: .api) == nil)
        #expect(scene.changes.withLock { $0.last } == "tiktok back")
        #expect(scene.changes.withLock { $0.count } == 2)
    }

    @Test(arguments: [200, 400, 401, 403, 429])
    func `any answer below 500 means that somebody is there`(_ status: Int) async {
        let scene = Scene()

        for _ in 0..<20 {
            for _ in 0..<4 { await scene.answer(500) }
            await scene.answer(status)
        }

        #expect(!scene.health.isAway(.api) && scene.changes.withLock { $0.isEmpty })
    }

    @Test(arguments: [
        HTTPError.cancelled(requestMayHaveArrived: true), .plainHTTPRefused, .closed,
        .bodySource("gone", requestMayHaveArrived: true), .invalidRequest("x"),
    ])
    func `our own troubles are none of TikTok's`(_ error: HTTPError) async {
        let scene = Scene()

        for _ in 0..<20 { await scene.fail(error) }

        #expect(!scene.health.isAway(.api) && scene.changes.withLock { $0.isEmpty })
    }

    @Test func `the upload hosts may be away while the API answers`() async {
        let scene = Scene()

        for number in 0..<5 {
            #expect(scene.health.uploadPause() == nil)
            await scene.fail(.stalled(.sending), upload: "/\(number)")
            await scene.answer(200)
        }

        #expect(scene.health.isAway(.uploads) && !scene.health.isAway(.api))
        #expect(scene.health.uploadPause() != nil)
        #expect(scene.changes.withLock { $0.first }?.hasPrefix("tiktok_uploads away") == true)
        await scene.answer(206, upload: "/9")
        #expect(!scene.health.isAway(.uploads) && scene.health.uploadPause() == nil)
    }

    @Test func `one upload that fails again and again is no outage`() async {
        let scene = Scene()

        for _ in 0..<20 { await scene.fail(.stalled(.sending), upload: "/same") }

        #expect(!scene.health.isAway(.uploads))
    }

    @Test func `probes grow rarer`() async throws {
        let scene = Scene()
        for _ in 0..<5 { await scene.answer(500) }
        var pauses: [Duration] = []

        for _ in 0..<10 {
            scene.health.probes(.api)
            pauses.append(try #require(scene.health.nextProbe(of: .api)))
        }

        #expect(pauses[0] <= .seconds(1) && pauses[9] > .seconds(20))
        #expect(pauses.allSatisfy { $0 <= .seconds(30) })
    }

    // MARK: Redis

    private static let fine = """
        # Server\r
        redis_version:7.0.15\r
        aof_enabled:1\r
        maxmemory_policy:noeviction\r
        used_memory:79\r
        maxmemory:100\r
        """

    @Test func `a Redis that keeps its data is no risk`() {
        #expect(RedisRisk.find(in: RedisInfo(Self.fine)).isEmpty)
    }

    @Test(arguments: [
        ("redis_version:7.0.15", "redis_version:6.2.9", RedisRisk.Subject.version, true),
        ("aof_enabled:1", "aof_enabled:0", .persistence, false),
        (":noeviction", ":allkeys-lru", .memory, false),
        ("used_memory:79", "used_memory:81", .memory, false),
    ])
    func `each risk is named with its remedy`(
        _ good: String,
        _ bad: String,
        _ subject: RedisRisk.Subject,
        _ isFatal: Bool
    ) {
        let info = RedisInfo(Self.fine.replacing(good, with: bad))
        let risks = RedisRisk.find(in: info)

        #expect(risks.map(\.subject) == [subject] && risks.map(\.isFatal) == [isFatal])
        #expect(risks.allSatisfy { !$0.words.isEmpty && !$0.remedy.isEmpty })
    }
}
