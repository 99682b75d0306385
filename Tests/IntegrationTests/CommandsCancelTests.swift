import Foundation
import JSON
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// `jobs cancel`, wherever the job is, and `jobs show`.
@Suite(.timeLimit(.minutes(10)))
struct CommandsCancelTests {
    @Test func `a job that no worker has read ends when one does`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            try await bed.push(bed.job("early", account: "mira", video: video.name))

            let show = try await bed.run("jobs", "show", "early")
            let cancel = try await bed.run("jobs", "cancel", "early")
            let never = try await bed.run("jobs", "cancel", "never-pushed")
            let unknown = try await bed.run("jobs", "show", "never-pushed")
            let worker = try bed.startWorker()
            let row = try await bed.end(of: "early", worker: worker)
            let again = try await bed.run("jobs", "cancel", "early", "--wait")

            #expect(show.code == 0 && show.out.contains("not read by any worker yet; 0 documents"))
            #expect(cancel.code == 0 && cancel.out.contains("no worker has read it yet"))
            #expect(never.code == 0, "\(never)")
            #expect(unknown.code == 1 && unknown.err.contains("no job 'never-pushed'"))
            #expect(row.status == .cancelled)
            #expect(bed.sandbox.report().requests.isEmpty)
            #expect(again.code == 0 && again.out.contains("was cancelled"), "\(again)")
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a job that waits for its time or in line ends at once`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let worker = try await bed.startHanging("sending", video: video)
            let time = JSONValue.time(Date.now + 3600)
            try await bed.push(
                bed.job("queued", account: "mira", video: video.name),
                bed.job("later", account: "mira", video: video.name, ["publish_at": time])
            )
            for (job, reason) in [("queued", "account_busy"), ("later", "schedule")] {
                _ = try await bed.row(job, "waits", worker: worker) { $0.waitingFor == reason }
            }

            let later = try await bed.run("jobs", "cancel", "later", "--wait")
            let queued = try await bed.run("jobs", "cancel", "queued", "--wait")
            let json = try await bed.json("jobs", "cancel", "queued")

            for result in [later, queued] {
                #expect(result.code == 0, "\(result)")
                #expect(result.out.contains("it was waiting; its next turn"), "\(result)")
                #expect(result.out.hasSuffix("cancelled\n"), "\(result)")
            }
            #expect(json.first?["was"] == "ended")
            for job in ["later", "queued"] {
                #expect(try await bed.row(job)?.status == .cancelled)
                bed.expectNotPosted(job)
            }
            #expect(try await bed.depths()["in_line"] == 0)
            await worker.kill()
        }
    }

    @Test func `an upload under way stops at its next chunk`() async throws {
        try await TestBed.run(TestBed.quick) { bed in
            try await bed.connect("mira")
            let video = try bed.video("four.mp4", bytes: 4 * 5_242_880)
            // The worker keeps the job in hand meanwhile.
            bed.sandbox.fault(
                .upload,
                .refuse(status: 503, code: "busy", retryAfter: 8),
                skip: 1
            )
            let worker = try bed.startWorker()
            try await bed.push(bed.job("sending", account: "mira", video: video.name))
            try await bed.hits(of: .upload, worker: worker)
            try await bed.push(bed.job("next", account: "mira", video: video.name))

            let cancel = try await bed.run("jobs", "cancel", "sending", "--wait")
            let row = try await bed.end(of: "sending", worker: worker)
            let next = try await bed.end(of: "next", worker: worker)

            #expect(cancel.code == 0, "\(cancel)")
            #expect(cancel.out.contains("a worker has it; it stops at the next chunk"), "\(cancel)")
            #expect(row.status == .cancelled, "\(row.json.encodedText)")
            #expect((row.uploadedBytes ?? 0) < Int64(video.bytes))
            bed.expectNotPosted("sending")
            bed.expectPosted(next, video)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a post that may be out goes on to its end`() async throws {
        try await TestBed.run([:], options: { $0.processing = .seconds(6) }) { bed in
            try await bed.connect("mira")
            let video = try bed.video("out.mp4", bytes: 200_000)
            let worker = try bed.startWorker()
            try await bed.push(bed.job("out", account: "mira", video: video.name))
            _ = try await bed.row("out", "is at TikTok", worker: worker) {
                $0.status == .processing && $0.waitingFor == "tiktok"
            }

            let cancel = try await bed.run("jobs", "cancel", "out", "--wait")
            let row = try await bed.end(of: "out", worker: worker)
            let late = try await bed.run("jobs", "cancel", "out")

            #expect(cancel.code == 1, "\(cancel)")
            #expect(cancel.err.contains("has ended already: published"), "\(cancel)")
            bed.expectPosted(row, video)
            #expect(late.code == 1 && late.err.contains("delete it in the TikTok app"), "\(late)")
            try await bed.expectDrains(worker)
        }
    }
}
