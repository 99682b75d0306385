import Foundation
import JSON
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// `dead`: letters are listed, brought back once their trouble is mended, and dropped.
@Suite(.timeLimit(.minutes(10)))
struct CommandsDeadTests {
    @Test func `a dead letter is posted once its file is there`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            try await bed.push(
                bed.job("lost", account: "mira", video: "v.mp4"),
                bed.job("stranger", account: "nobody", video: "v.mp4")
            )
            _ = try await bed.ends(of: ["lost", "stranger"], worker: worker)
            try await bed.deadLetters(2)

            let text = try await bed.run("dead", "list")
            let mira = try await bed.json("dead", "list", "--account", "mira")
            let one = try await bed.json("dead", "list", "--limit", "1")
            let none = try await bed.run("dead", "list", "--code", "media_empty")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let retry = try await bed.run("dead", "retry", "lost")
            let row = try await bed.end(of: "lost", worker: worker)
            let again = try await bed.run("dead", "retry", "lost")

            #expect(text.out.contains("account_unknown") && text.out.contains("upstream"))
            #expect(mira.map { $0["job"] } == ["lost"])
            #expect(mira.first?["code"] == "media_not_found")
            #expect(
                mira.first?["error_action"]?.string?
                    .contains("tiktok-publisher dead retry JOB") == true
            )
            #expect(one.count == 1)
            #expect(none.out == "no dead letters\n")
            #expect(retry.code == 0 && retry.out.hasSuffix("1 brought back\n"), "\(retry)")
            bed.expectPosted(row, video)
            #expect(try await bed.events(of: "lost").contains("reopened"))
            #expect(again.code == 1 && again.err.contains("lost is no dead letter"), "\(again)")
            try await bed.expectDrains(worker)
        }
    }

    @Test func `what would only die again is refused, and the rest goes on`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            let broken = bed.job("broken", account: "mira", video: "v.mp4", ["titel": "x"])
            try await bed.push(broken, bed.job("lost", account: "mira", video: "v.mp4"))
            try await bed.push(bytes: [Array("no json \u{1B}[2J".utf8)])
            try await bed.deadLetters(3)
            let video = try bed.video("v.mp4", bytes: 200_000)

            let all = try await bed.run("dead", "retry", "--all")
            let row = try await bed.end(of: "lost", worker: worker)
            let rejected = try await bed.row("broken")

            #expect(all.code == 1, "\(all)")
            #expect(all.out.hasSuffix("1 brought back, 2 refused\n"), "\(all)")
            #expect(all.err.contains("broken: refused: its document still breaks a rule: titel"))
            #expect(!all.description.contains("\u{1B}"))
            #expect(rejected?.status == .rejected)
            bed.expectPosted(row, video)
            try await bed.deadLetters(2)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `only a person who names it brings back a post that may be out`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            bed.sandbox.fault(.status, .refuse(status: 400, code: "invalid_publish_id"))
            let worker = try bed.startWorker()
            try await bed.push(bed.job("doubt", account: "mira", video: video.name))
            let first = try await bed.end(of: "doubt", worker: worker)
            try await waitUntil("the timer", state: { worker.err }) {
                try await bed.place(of: "doubt")["state"] == "timer"
            }

            let cancel = try await bed.run("jobs", "cancel", "doubt")
            let unnamed = try await bed.run("dead", "retry", "--account", "mira")
            let plain = try await bed.run("dead", "retry", "doubt")
            let purge = try await bed.run("dead", "purge", "doubt")
            let still = try await bed.row("doubt")
            let shown = try await bed.place(of: "doubt")
            let retry = try await bed.run("dead", "retry", "doubt", "--in-doubt")
            let row = try await bed.end(of: "doubt", worker: worker)

            #expect(first.status == .inDoubt && still?.status == .inDoubt)
            #expect(first.errorAction?.contains("dead retry") == true)
            #expect(cancel.code == 1 && cancel.err.contains("may have posted it"), "\(cancel)")
            #expect(unnamed.code == 0 && unnamed.out == "0 brought back\n", "\(unnamed)")
            #expect(plain.code == 1 && plain.err.contains("--in-doubt"), "\(plain)")
            #expect(purge.code == 1 && purge.err.contains("no dead letter yet"), "\(purge)")
            #expect(shown["stage"] == "reconcile")
            #expect(retry.code == 0, "\(retry)")
            #expect(row.status == .published && row.publishID != first.publishID)
            // The person was wrong: it had been out.
            #expect(bed.sandbox.report().delivered(titled: TestBed.title(of: "doubt")).count == 2)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `what is dropped stays in the history and is never posted`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            let lost = bed.job("lost", account: "mira", video: "v.mp4")
            try await bed.push(lost, bed.job("stranger", account: "nobody", video: "v.mp4"))
            _ = try await bed.ends(of: ["lost", "stranger"], worker: worker)
            try await bed.deadLetters(2)

            let purge = try await bed.run("dead", "purge", "--code", "media_not_found")
            let left = try await bed.json("dead", "list")
            let rest = try await bed.json("dead", "purge", "--all")
            _ = try bed.video("v.mp4", bytes: 200_000)
            try await bed.push(lost)
            try await waitUntil("the copy", state: { worker.err }) {
                try await bed.events(of: "lost").contains("duplicate")
            }
            let retry = try await bed.run("dead", "retry", "lost")

            #expect(purge.code == 0 && purge.out == "lost: dropped\n1 dropped\n", "\(purge)")
            #expect(left.map { $0["job"] } == ["stranger"])
            #expect(rest.map { $0["result"] } == ["done"])
            #expect(retry.code == 1, "\(retry)")
            #expect(try await bed.row("lost")?.status == .failed)
            bed.expectNotPosted("lost")
            try await bed.expectDrains(worker)
        }
    }
}

extension TestBed {
    /// Waits until there are so many.
    fileprivate func deadLetters(_ count: Int) async throws {
        try await waitUntil("\(count) dead letters") {
            try await json("dead", "list").count == count
        }
    }
}
