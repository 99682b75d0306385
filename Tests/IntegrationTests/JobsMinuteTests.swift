import Foundation
import JSON
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// What a refused job leaves for the next of its account.
@Suite(.timeLimit(.minutes(10)))
struct JobsMinuteTests {
    @Test func `a job that is refused before its init leaves the account's minute to the next`()
        async throws
    {
        let limits = ["INIT_PER_MINUTE": "1", "CREATOR_INFO_PER_MINUTE": "1"]
        try await TestBed.run(limits) { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 100_000)
            try Data("no video".utf8).write(to: URL(filePath: bed.media + "/text.mp4"))
            try await bed.push(bed.job("refused", account: "mira", video: "text.mp4"))
            let worker = try bed.startWorker()
            let refused = try await bed.end(of: "refused", worker: worker)
            try await bed.push(bed.job("good", account: "mira", video: video.name))
            bed.expectPosted(try await bed.end(of: "good", worker: worker), video)
            try await bed.push(bed.job("late", account: "mira", video: video.name))
            let late = try await bed.row("late", "waits", worker: worker) {
                $0.waitingFor == "rate_limit"
            }

            #expect(refused.status == .failed && refused.errorOwner == "upstream")
            let waits = try await bed.reader.events(of: "good").compactMap(\.detail)
                .filter { $0.contains("rate_limit") }
            #expect(waits.isEmpty, "\(waits)")
            #expect(late.status == .waiting)
            #expect(bed.sandbox.report().requests[.videoInit] == 1)
            try await bed.expectDrains(worker)
        }
    }
}
