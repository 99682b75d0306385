import Foundation
import JSON
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// `revoke()`: what is stopped, what is not, and what the caller is told.
@Suite(.timeLimit(.minutes(15)))
struct CeleryRevokeTests {
    /// Revokes as an upstream app does, and waits for the answer.
    private func revoke(
        _ bed: TestBed,
        _ id: String,
        terminates: Bool = false,
        signal: String = "None",
        with release: CeleryRelease = .newest
    ) async throws -> String {
        let said = try await bed.script(
            """
            ask = dict(destination=[sys.argv[2]], reply=True, timeout=20)
            ask.update(terminate=\(terminates ? "True" : "False"), signal=\(signal))
            say(app.control.revoke(sys.argv[1], **ask))
            """,
            id,
            TestBed.node,
            with: release
        )
        return try #require(said.first?.array?.first?[TestBed.node]?["ok"]?.string)
    }

    @Test(.needs(.newest, .middle, .oldest), arguments: CeleryRelease.allCases)
    func `a task that waits for its time ends at once`(release: CeleryRelease) async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let worker = try await bed.startCeleryWorker()
            try await bed.callTask("later", video: video, "countdown=3600", with: release)
            _ = try await bed.row("later", "waits", worker: worker) {
                $0.waitingFor == "schedule"
            }

            let answer = try await revoke(bed, "later", with: release)
            let row = try await bed.end(of: "later", worker: worker)
            let revoked = try await bed.inspect("revoked()")

            #expect(answer == "tasks later flagged as revoked; later ends now")
            #expect(row.status == .cancelled)
            #expect(revoked == ["later"])
            bed.expectNotPosted("later")
            try await bed.expectDrains(worker)
        }
    }

    @Test(.needs(.newest))
    func `a task that no worker has read is never begun, whoever reads it`() async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let first = try await bed.startCeleryWorker()
            _ = try await bed.celery("control", "cancel_consumer", bed.queue)
            try await bed.callTask("early", video: video)

            let answer = try await revoke(bed, "early")
            await first.kill()
            let second = try await bed.startCeleryWorker("another@test")
            let row = try await bed.end(of: "early", worker: second)

            #expect(answer == "tasks early flagged as revoked")
            #expect(row.status == .cancelled)
            #expect(bed.sandbox.report().requests.isEmpty)
            let known = try await bed.inspect("revoked()", node: "another@test")
            #expect(known == ["early"])
            try await bed.expectDrains(second)
        }
    }

    @Test(.needs(.newest))
    func `a task in hand goes on, and with terminate it stops at the next chunk`() async throws {
        try await TestBed.runTasks(TestBed.quick) { bed in
            try await bed.connect("mira")
            let video = try bed.video("four.mp4", bytes: 4 * 5_242_880)
            let worker = try await bed.startCeleryWorker()
            let ends = try await Revocations.listen(on: bed)
            for (id, terminates) in [("spared", false), ("stopped", true)] {
                // The worker keeps the job in hand meanwhile.
                bed.sandbox.fault(
                    .upload,
                    .refuse(status: 503, code: "busy", retryAfter: 8),
                    skip: 1
                )
                let seen = bed.sandbox.journal().count { $0.fault != nil }
                try await bed.callTask(id, video: video)
                try await bed.hits(of: .upload, seen + 1, worker: worker)

                let answer = try await revoke(bed, id, terminates: terminates)
                let row = try await bed.end(of: id, worker: worker)

                if terminates {
                    let words = "stopped stops at the next step, unless the post may be out by then"
                    #expect(answer == "terminate: \(words)")
                    #expect(row.status == .cancelled, "\(row.json.encodedText)")
                    bed.expectNotPosted(id)
                    try await expectTerminated(bed, id, by: 15, ends, worker)
                } else {
                    let words = "spared has begun, and is not broken off without terminate"
                    #expect(answer.hasSuffix(words))
                    bed.expectPosted(row, video)
                }
            }
            #expect(try await revoke(bed, "nobody", terminates: true) == "terminate: tasks unknown")
            try await bed.expectDrains(worker)
            await ends.close()
        }
    }

    @Test(.needs(.newest))
    func `what TikTok fetches is left alone, and with terminate TikTok is asked to stop`()
        async throws
    {
        let prefix = try await PulledKind.prefix
        try await TestBed.runTasks(PulledKind.settings(prefix)) { options in
            PulledKind.verify(&options, prefix)
            options.download = .seconds(60)
        } _: { bed in
            try await bed.connect("mira")
            let worker = try await bed.startCeleryWorker()
            let ends = try await Revocations.listen(on: bed)
            try await beginPull(bed, prefix, worker)

            let plain = try await revoke(bed, "pulled")
            let status = try await bed.row("pulled")?.status
            let terminated = try await revoke(bed, "pulled", terminates: true, signal: "'KILL'")
            let row = try await bed.end(of: "pulled", worker: worker)

            #expect(plain.hasSuffix("pulled has begun, and is not broken off without terminate"))
            #expect(status == .processing)
            #expect(
                terminated.hasPrefix("terminate: pulled is at TikTok, which is asked to stop it")
            )
            #expect(row.status == .cancelled && bed.calls(of: "mira", to: .cancel) == 1)
            try await expectTerminated(bed, "pulled", by: 9, ends, worker)
            try await bed.expectDrains(worker)
            await ends.close()
        }
    }

    private func expectTerminated(
        _ bed: TestBed,
        _ id: String,
        by signal: Int64,
        _ ends: Revocations,
        _ worker: RunningProgram
    ) async throws {
        let result = try await bed.result(id, becomes: "REVOKED", worker: worker)
        #expect(result["result"]?["exc_type"] == "TaskRevokedError")
        #expect(result["result"]?["exc_message"] == ["terminated"])
        let event = try await ends.next()
        #expect(event["uuid"] == .string(id) && event["expired"] == false)
        #expect(event["terminated"] == true && event["signum"] == .integer(signal))
    }

    private func beginPull(
        _ bed: TestBed,
        _ prefix: String,
        _ worker: RunningProgram
    ) async throws {
        _ = try await bed.script(
            """
            publish_post_task.apply_async(task_id="pulled", kwargs=dict(
                account="mira", video=sys.argv[1], transfer="pull", title="x", privacy="public"))
            """,
            prefix + "clip.mp4"
        )
        _ = try await bed.row("pulled", "is at TikTok", worker: worker) {
            $0.status == .processing && $0.waitingFor == "tiktok"
        }
    }

    @Test(.needs(.newest))
    func `a task that waits for another's job is revoked alone`() async throws {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let worker = try await bed.startCeleryWorker()
            let document: [String: JSONValue] = [
                "id": "job-1", "publish_at": .time(Date.now + 3600),
            ]
            // The first message comes twice: what is its own job must not end as another's.
            for id in ["t-1", "t-2", "t-3", "t-1"] {
                try await bed.push(bed.task(id, video: video, document))
            }
            try await waitUntil("all wait", state: { worker.err }) {
                let timers = RedisArgument.text(bed.key("timers:" + bed.queue))
                return try await bed.redis.send(["ZCARD", timers]).integer == 4
            }

            let answer = try await revoke(bed, "t-2")
            let second = try await bed.result("t-2", becomes: "REVOKED", worker: worker)
            let others = try await bed.row("job-1")?.status
            let last = try await revoke(bed, "t-1", terminates: true)
            for id in ["t-1", "t-3"] {
                let result = try await bed.result(id, becomes: "REVOKED", worker: worker)
                #expect(result["result"]?["exc_message"] == ["revoked"])
            }

            #expect(answer == "tasks t-2 flagged as revoked; t-2 ends now")
            #expect(second["result"]?["exc_message"] == ["revoked"])
            #expect(others == .waiting)
            #expect(last == "terminate: t-1 ends now")
            #expect(try await bed.row("job-1")?.status == .cancelled)
            try await bed.expectNothingLeft(worker: worker)
            try await bed.expectDrains(worker)
        }
    }

    @Test(.needs(.newest))
    func `tasks are revoked by their stamps`() async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let worker = try await bed.startCeleryWorker()

            let said = try await bed.script(
                """
                ask = dict(destination=[sys.argv[1]], reply=True, timeout=20)
                say(app.control.revoke_by_stamped_headers({"tenant": ["acme", "other"]}, **ask))
                for tenant in "acme", "kept":
                    task = publish_post_task.s(
                        account="mira", video=sys.argv[2], title="Title of " + tenant,
                        privacy="public")
                    task.stamp(tenant=tenant)
                    task.apply_async(task_id=tenant)
                """,
                TestBed.node,
                video.name
            )
            let revoked = try await bed.end(of: "acme", worker: worker)
            let kept = try await bed.end(of: "kept", worker: worker)

            let words = said.first?.array?.first?[TestBed.node]?["ok"]?.string
            #expect(words?.hasSuffix("flagged as revoked, but not terminated") == true)
            #expect(revoked.status == .cancelled)
            bed.expectPosted(kept, video)
            try await bed.expectDrains(worker)
        }
    }
}
