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
        with release: CeleryRelease = .newest
    ) async throws -> String {
        let said = try await bed.script(
            """
            ask = dict(destination=[sys.argv[2]], reply=True, timeout=20)
            say(app.control.revoke(sys.argv[1], terminate=\(terminates ? "True" : "False"), **ask))
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
        try await TestBed.run(TestBed.quick, hasOwnDatabase: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("four.mp4", bytes: 4 * 5_242_880)
            let worker = try await bed.startCeleryWorker()
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
                } else {
                    #expect(
                        answer.hasSuffix("spared has begun, and is not broken off without terminate")
                    )
                    bed.expectPosted(row, video)
                }
            }
            #expect(try await revoke(bed, "nobody", terminates: true) == "terminate: tasks unknown")
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
