import Foundation
import JSON
import Publishing
import Sandbox
import Support
import Testing

/// `jobs cancel` of posts whose media TikTok fetches itself.
@Suite(.timeLimit(.minutes(10)))
struct PulledCancelTests {
    @Test(arguments: [PulledKind.photo, .pull, .photoDraft])
    func `a post that TikTok still fetches is stopped`(_ kind: PulledKind) async throws {
        try await TestBed.runPulled([:], options: { $0.download = .seconds(60) }) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            try await bed.push(bed.pulled(kind, "stopped", account: "mira"))
            _ = try await bed.row("stopped", "is at TikTok", worker: worker) {
                $0.status == .processing && $0.waitingFor == "tiktok"
            }

            let cancel = try await bed.run("jobs", "cancel", "stopped", "--wait")
            let row = try await bed.end(of: "stopped", worker: worker)

            #expect(cancel.code == 0 && cancel.out.hasSuffix("cancelled\n"), "\(cancel)")
            #expect(row.status == .cancelled, "\(row.json.encodedText)")
            #expect(bed.posts(of: "mira").map(\.failReason) == ["publish_cancelled"])
            #expect(bed.calls(of: "mira", to: kind.endpoint) == 1)
            try await bed.expectNothingLeft(worker: worker)
            bed.expectNoViolation()
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a post that TikTok has fetched goes on to its end`() async throws {
        try await TestBed.runPulled([:], options: { $0.processing = .seconds(6) }) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            try await bed.push(bed.pulled(.photo, "late", account: "mira"))
            _ = try await bed.row("late", "is at TikTok", worker: worker) {
                $0.status == .processing && $0.waitingFor == "tiktok"
            }

            let cancel = try await bed.run("jobs", "cancel", "late", "--wait")
            let row = try await bed.end(of: "late", worker: worker)

            #expect(cancel.code == 1, "\(cancel)")
            #expect(cancel.err.contains("has ended already: published"), "\(cancel)")
            #expect(row.status == .published)
            #expect(bed.calls(of: "mira", to: .cancel) >= 1)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a post that was not begun ends without a call`() async throws {
        try await TestBed.runPulled { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            let time = JSONValue.time(Date.now + 3600)
            try await bed.push(bed.pulled(.pull, "later", account: "mira", ["publish_at": time]))
            _ = try await bed.row("later", "waits", worker: worker) { $0.waitingFor == "schedule" }

            let cancel = try await bed.run("jobs", "cancel", "later", "--wait")

            #expect(cancel.code == 0, "\(cancel)")
            #expect(try await bed.row("later")?.status == .cancelled)
            #expect(bed.sandbox.report().requests.isEmpty)
            try await bed.expectDrains(worker)
        }
    }
}
