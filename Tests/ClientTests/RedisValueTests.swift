import CHiredis
import EventLoop
import Testing

@testable import Redis

struct RedisValueTests {
    /// What hiredis's own parser makes of those bytes.
    private func value(_ text: String) throws -> RedisValue {
        let reader = try #require(redisReaderCreate())
        defer { redisReaderFree(reader) }
        var reply: UnsafeMutableRawPointer?
        redisReaderFeed(reader, text, text.utf8.count)
        #expect(redisReaderGetReply(reader, &reply) == REDIS_OK)
        let found = try #require(reply).assumingMemoryBound(to: redisReply.self)
        defer { freeReplyObject(found) }
        return RedisValue(found.pointee)
    }

    @Test(arguments: [
        ("$-1\r\n", RedisValue.null),
        ("*-1\r\n", .null),
        (":-9223372036854775808\r\n", .integer(.min)),
        ("+OK\r\n", .status("OK")),
        ("$0\r\n\r\n", .bytes([])),
        ("$4\r\na\0\r\n\r\n", .bytes([97, 0, 13, 10])),
        ("*0\r\n", .array([])),
        (
            "*3\r\n:1\r\n*1\r\n$1\r\na\r\n$-1\r\n",
            .array([.integer(1), .array([.bytes([97])]), .null])
        ),
        ("-ERR no\r\n", .failure(.init(code: "ERR", message: "no"))),
        (
            "*2\r\n-WRONGTYPE not a list\r\n:2\r\n",
            .array([.failure(.init(code: "WRONGTYPE", message: "not a list")), .integer(2)])
        ),
    ])
    func `an answer keeps its kind`(text: String, expected: RedisValue) throws {
        #expect(try value(text) == expected)
    }

    @Test(arguments: [
        ("READONLY You can't write", RedisFailure(code: "READONLY", message: "You can't write")),
        ("OOM", RedisFailure(code: "OOM", message: "")),
        ("nothing in capitals", RedisFailure(code: "", message: "nothing in capitals")),
        ("", RedisFailure(code: "", message: "")),
    ])
    func `a failure's code is its first word in capitals`(text: String, expected: RedisFailure) {
        #expect(RedisFailure(text) == expected)
    }

    @Test func `digits count as a number, other text does not`() {
        #expect(RedisValue.bytes(Array("-42".utf8)).integer == -42)
        #expect(RedisValue.bytes(Array("4x".utf8)).integer == nil)
        #expect(RedisValue.bytes([0xFF]).text == nil)
        #expect(RedisValue.array([]).array == [])
    }

    @Test func `a command is written with the length of each word in bytes`() {
        var bytes: [UInt8] = []

        CommandEncoder.append(["SET", .text("é"), .bytes([0, 13, 10]), -7], to: &bytes)

        let expected = "*4\r\n$3\r\nSET\r\n$2\r\né\r\n$3\r\n\0\r\n\r\n$2\r\n-7\r\n"
        #expect(bytes == Array(expected.utf8))
    }

    @Test func `errors name a command, never its arguments`() {
        #expect(Exchange([["auth", "hunter2"]], on: EventLoop(name: "test")).name == "AUTH")
        #expect(CommandEncoder.name(of: [.bytes([1])]) == "a command")
    }

    @Test func `commands that break the order of answers are known`() {
        #expect(CommandEncoder.breaksOrder(["subscribe", "a"]))
        #expect(CommandEncoder.breaksOrder(["CLIENT", "reply", "OFF"]))
        #expect(!CommandEncoder.breaksOrder(["CLIENT", "LIST"]))
    }

    @Test func `waiting helps against some errors and not against others`() {
        for text in [
            "LOADING", "MASTERDOWN", "READONLY", "BUSY", "NOREPLICAS", "CLUSTERDOWN", "TRYAGAIN",
            "MISCONF", "UNBLOCKED", "ERR max number of clients reached",
        ] {
            #expect(RedisError.refused(.init(text)).isUnavailable, "\(text)")
        }
        for code in ["OOM", "NOAUTH", "WRONGPASS", "NOPERM", "ERR", ""] {
            #expect(!RedisError.refused(.init(code: code, message: "")).isUnavailable)
        }
        #expect(RedisError.refused(.init(code: "OOM", message: "")).isOutOfMemory)
        #expect(RedisError.refused(.init(code: "NOAUTH", message: "")).isAccessRefused)
        #expect(RedisError.connectionLost(reason: "").mayHaveRun)
        #expect(!RedisError.notConnected(reason: "").mayHaveRun)
    }
}
