import EventLoop
import Foundation
import JSON
import Redis
import Support
import Testing

/// The events `task-revoked` of a bed, as they go over the wire.
final class Revocations: Sendable {
    private let loop = EventLoop(name: "revocations")
    private let client: RedisClient
    private let messages: AsyncStream<[UInt8]>

    /// Listens from here on.
    static func listen(on bed: TestBed) async throws -> Revocations {
        let database = bed.redisURL.split(separator: "/").last.flatMap { Int($0) } ?? 0
        let channel = "/\(database).celeryev/task.revoked"
        let revocations = try await Revocations(channel, on: bed)
        try await waitUntil("a listener") {
            let answer = try await bed.redis.send(["PUBSUB", "NUMSUB", .text(channel)])
            return answer.array?.last?.integer == 1
        }
        return revocations
    }

    private init(_ channel: String, on bed: TestBed) async throws {
        client = RedisClient(try RedisAddress(bed.redisURL), on: loop, name: "revocations")
        messages = await client.subscribe(to: channel, holding: 100)
    }

    /// The next one.
    func next() async throws -> JSONValue {
        for await bytes in messages {
            let message = try JSONValue(parsing: bytes)
            let body = try #require(message["body"]?.string.flatMap { Data(base64Encoded: $0) })
            return try JSONValue(parsing: body)
        }
        throw CancellationError()
    }

    func close() async {
        await client.close()
        loop.stop()
    }
}
