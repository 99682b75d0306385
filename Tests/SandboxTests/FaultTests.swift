import HTTP
import JSON
import Testing

@testable import Sandbox

struct FaultTests {
    @Test func `the nth call is refused with a code and Retry-After, and nothing is done`() {
        var world = World()
        world.state.addFault(
            SandboxFault(
                .videoInit,
                .refuse(status: 503, code: "internal_error", retryAfter: 3),
                skip: 1
            )
        )

        #expect(world.post(.videoInit, .video()).code == "ok")
        let reply = world.post(.videoInit, .video())

        #expect(reply.status == 503)
        #expect(reply.code == "internal_error")
        #expect(reply.answer.headers["Retry-After"] == "3")
        #expect(world.post(.videoInit, .video()).code == "ok")
        #expect(world.state.report(at: world.now).posts.count == 2)
    }

    static let before: [SandboxFault.Action] = [
        .refuse(status: 500, code: ""), .body(status: 200, type: "text/html", text: "<html>"),
        .resetBefore, .hangBefore,
    ]
    static let after: [SandboxFault.Action] = [
        .resetAfter, .hangAfter, .slow(bytesPerSecond: 5), .truncated(after: 4),
        .replaced(status: 200, type: "application/json", text: "[]"),
    ]

    @Test(arguments: before) func `faults before the effect leave nothing behind`(
        action: SandboxFault.Action
    ) {
        var world = World()
        world.state.addFault(SandboxFault(.videoInit, action))

        _ = world.post(.videoInit, .video())

        #expect(world.state.report(at: world.now).posts.isEmpty)
        #expect(world.state.entries.last?.fault != nil)
    }

    @Test(arguments: after) func `faults after the effect leave the post`(
        action: SandboxFault.Action
    ) {
        var world = World()
        world.state.addFault(SandboxFault(.videoInit, action))

        _ = world.post(.videoInit, .video())

        #expect(world.state.report(at: world.now).posts.count == 1)
    }

    @Test func `deliveries are as scripted`() {
        let deliveries: [(SandboxFault.Action, SandboxAnswer.Delivery)] = [
            (.resetBefore, .reset), (.resetAfter, .reset), (.hangBefore, .hang),
            (.hangAfter, .hang), (.slow(bytesPerSecond: 5), .slowly(bytesPerSecond: 5)),
            (.truncated(after: 4), .truncated(after: 4)),
        ]
        for (action, delivery) in deliveries {
            var world = World()
            world.state.addFault(SandboxFault(nil, action))

            #expect(world.post(.creatorInfo).answer.delivery == delivery)
            #expect(world.post(.creatorInfo).answer.delivery == .whole)
        }
    }

    @Test(arguments: SandboxFault.failReasons)
    func `a post can end with each reason`(reason: String) throws {
        var world = World()
        world.state.addFault(SandboxFault(.videoInit, .publishFails(reason: reason)))

        let publishID = try world.upload()
        world.wait(seconds: 1)

        let data = world.status(publishID).data
        #expect(data["status"] == "FAILED")
        #expect(data["fail_reason"] == .string(reason))
    }

    @Test func `a refused OAuth request has OAuth's own shape`() {
        var world = World()
        world.state.addFault(SandboxFault(.token, .refuse(status: 200, code: "server_error")))

        let reply = world.refresh(world.connection.refreshToken)

        #expect(reply.body["error"] == "server_error")
        #expect(world.refresh(world.connection.refreshToken).body["access_token"] != nil)
    }

    @Test func `a chunk is refused, told a progress, or lost after it was stored`() throws {
        var world = World()
        let upload = try world.begin(size: 12_000_000, chunk: 6_000_000)
        world.state.addFault(SandboxFault(.upload, .refuse(status: 502, code: "")))
        world.state.addFault(SandboxFault(.upload, .progress(status: 416, bytes: 123)))
        world.state.addFault(SandboxFault(.upload, .resetAfter))

        #expect(world.put(upload, 0...5_999_999).status == 502)
        let claimed = world.put(upload, 0...5_999_999)
        #expect(claimed.status == 416)
        #expect(claimed.headers["Content-Range"] == "bytes 0-123/12000000")
        #expect(world.put(upload, 0...5_999_999).delivery == .reset)

        #expect(world.status(upload.publishID).data["uploaded_bytes"] == 6_000_000)
        #expect(world.put(upload, 6_000_000...11_999_999).status == 201)
    }

    @Test func `a fault can be one account's, and chance repeats with its seed`() {
        var hits: [[Bool]] = []
        for _ in 0..<2 {
            var world = World { $0.requestsPerMinute = [:] }
            let fault = SandboxFault(
                .creatorInfo,
                .refuse(status: 500, code: ""),
                openID: world.account.openID,
                count: nil,
                probability: 0.5
            )
            world.state.addFault(fault)
            hits.append((0..<40).map { _ in world.post(.creatorInfo).status == 500 })
            world.connection = world.state.addAccount(SandboxAccount("noor"), at: world.now)
            for _ in 0..<40 { #expect(world.post(.creatorInfo).status == 200) }
        }

        #expect(hits[0] == hits[1])
        #expect(Set(hits[0]) == [true, false])
    }
}

struct AdminTests {
    static func admin(_ method: String, _ path: String, _ body: JSONValue? = nil) -> SandboxRequest
    {
        SandboxRequest(method, "/sandbox/" + path, body: body?.encoded ?? [])
    }

    @Test func `accounts, codes and options are made over HTTP`() throws {
        var world = World()

        let made = world.send(
            Self.admin("POST", "accounts", ["username": "noor", "access_token": "act.noor"])
        )
        #expect(made.body["access_token"] == "act.noor")
        #expect(made.body["open_id"] == "-000-noor")
        let code: JSONValue = ["code": "c", "open_id": "-000-noor", "redirect_uri": "http://x/"]
        #expect(world.send(Self.admin("POST", "codes", code)).status == 200)
        let options: JSONValue = ["processing_ms": 0, "requests_per_minute": ["video_init": 1]]
        #expect(world.send(Self.admin("POST", "options", options)).status == 200)

        _ = try world.upload()
        #expect(world.post(.videoInit, .video()).status == 429)
        #expect(world.state.report(at: world.now).posts.first?.status == "PUBLISH_COMPLETE")
    }

    @Test func `the clock moves forward only`() {
        var world = World()

        #expect(world.send(Self.admin("POST", "clock", ["advance_seconds": -1])).status == 400)
        #expect(world.post(.creatorInfo).code == "ok")
        #expect(world.send(Self.admin("POST", "clock", ["advance_seconds": 7200])).status == 200)
        #expect(world.post(.creatorInfo).code == "access_token_invalid")
    }

    @Test func `report and journal tell what happened, and never a token`() throws {
        var world = World()
        _ = try world.upload()
        world.wait(seconds: 1)

        let report = world.send(Self.admin("GET", "report")).body
        #expect(report["delivered_per_title"] == ["loaf": 1])
        #expect(report["requests"] == ["video_init": 1, "upload": 1])
        #expect(report["violation_count"] == 0)
        let journal = world.send(Self.admin("GET", "journal"))
        #expect(journal.body["entries"]?.array?.count == 2)
        let text = String(decoding: journal.answer.body, as: UTF8.self)
        #expect(!text.contains("act.") && !text.contains("upload_token"))

        #expect(world.send(Self.admin("POST", "reset")).status == 200)
        #expect(world.send(Self.admin("GET", "report")).body["posts"] == [])
    }

    @Test func `faults come one or many at a time and can be cleared`() {
        var world = World()
        let fault: JSONValue = [
            "endpoint": "creator_info", "nth": 2, "count": 0,
            "action": ["kind": "refuse", "status": 500],
        ]
        #expect(world.send(Self.admin("POST", "faults", [fault, fault])).status == 200)

        #expect((0..<3).map { _ in world.post(.creatorInfo).status } == [200, 500, 500])
        #expect(world.send(Self.admin("DELETE", "faults")).status == 200)
        #expect(world.post(.creatorInfo).status == 200)
    }

    @Test(
        arguments: [
            ["kind": "refuse", "status": 503, "code": "x", "retry_after": 1],
            ["kind": "body", "text": "x", "type": "text/html"],
            ["kind": "replaced", "status": 200],
            ["kind": "reset_before"], ["kind": "reset_after"], ["kind": "hang_before"],
            ["kind": "hang_after"], ["kind": "slow", "bytes_per_second": 9],
            ["kind": "truncated", "after": 1], ["kind": "reset_midway", "after": 5],
            ["kind": "progress", "status": 416, "bytes": 5],
            ["kind": "publish_fails", "reason": "internal"],
        ] as [JSONValue]
    )
    func `every action can be written as JSON`(action: JSONValue) {
        var world = World()

        #expect(world.send(Self.admin("POST", "faults", ["action": action])).status == 200)
    }

    @Test(
        arguments: [
            ["action": ["kind": "explode"]],
            ["endpoint": "moon", "action": ["kind": "hang_after"]], [:],
            ["action": ["kind": "refuse", "status": 99]], 5,
        ] as [JSONValue]
    )
    func `faults that make no sense are refused`(fault: JSONValue) {
        var world = World()

        #expect(world.send(Self.admin("POST", "faults", fault)).status == 400)
    }

    @Test func `what the administrator cannot do is refused`() {
        var world = World()

        #expect(world.send(Self.admin("GET", "moon")).status == 404)
        #expect(world.send(Self.admin("POST", "accounts", [:])).status == 400)
        #expect(world.send(Self.admin("POST", "drafts/publish", ["publish_id": "x"])).status == 400)
    }

    @Test func `violations need not be counted`() {
        var world = World { $0.countsViolations = false }

        #expect(world.post(.videoInit, [:]).status == 400)
        #expect(world.violations == [])
    }

    @Test func `the journal keeps the newest`() {
        var world = World {
            $0.journalEntries = 8
            $0.requestsPerMinute = [:]
        }
        for _ in 0..<100 { _ = world.post(.creatorInfo) }

        #expect((8...10).contains(world.state.entries.count))
        #expect(world.state.report(at: world.now).requests == [.creatorInfo: 100])
    }
}
