internal import FoundationEssentials
internal import JSON
internal import Publishing

extension Command {
    static let jobs = Command(
        name: "jobs",
        synopsis: "(show | cancel) JOB [--wait] [--json]",
        summary: "shows one job wherever it is; asks for it to stop",
        help: """
            show JOB     where the queue has it now, its history row and its events
            cancel JOB   asks for it to stop, and says what that means. A job that waits ends at
                         once; one that is being uploaded ends at its next chunk; one whose last
                         bytes are on their way may be out and goes on to its end. Of photos and
                         videos that TikTok fetches itself TikTok is asked to stop the post. A job
                         that no worker has read ends when one does, if that is within 7 days
            --wait       with cancel: waits up to 2 minutes for the end; exit 0 only when it was
                         cancelled

            Exit 1 when there is no such job, or nothing left to cancel.
            """,
        flags: ["--wait", "--json"],
        words: 2...2,
        run: { arguments, console in
            let (verb, job) = (arguments.words[0], arguments.words[1])
            guard ["show", "cancel"].contains(verb), PublishJob.isKey(job) else {
                throw CommandFailure(
                    "jobs knows show JOB and cancel JOB; an id is 1–128 of A–Z a–z 0–9 . _ : -",
                    code: .badUsage
                )
            }
            let assembly = Assembly(try Environment.settings(arguments, console))
            defer { assembly.stop() }
            let desk = JobDesk(assembly: assembly, job: job)
            guard verb == "cancel" else {
                let view = try await desk.look()
                guard view.isKnown else { throw CommandFailure("no job '\(job)'; \(view.unfound)") }
                console.show(view, events: try await desk.events(), arguments)
                return .done
            }
            return try await JobCancelling(desk: desk, console: console).run(arguments)
        }
    )
}

extension Console {
    fileprivate func show(_ view: JobView, events: [HistoryEvent], _ arguments: Arguments) {
        guard !arguments.has("--json") else {
            json([
                "job": .string(view.job), "now": view.json, "row": view.row?.json ?? .null,
                "events": .array(events.map(\.json)),
            ])
            return
        }
        out(view.text)
        if let row = view.row { out("\n" + HistoryText.table([row])) }
        if !events.isEmpty { out("\n" + HistoryText.events(events)) }
    }
}

/// Looks in all the places where a job can be.
struct JobDesk {
    let assembly: Assembly
    let job: String

    private var reader: HistoryReader { HistoryReader(database: assembly.database) }

    /// The row is read last: what has left the queue is in it.
    func look() async throws -> JobView {
        let place = try await assembly.queue.find(job)
        var view = JobView(job: job, place: place)
        if case .inHand? = place?.place {
            view.worker = try await assembly.queue.presences()
                .first { $0.work.contains { $0.ticket == place?.ticket } }?.worker
        }
        if let queue = place?.queue {
            view.queuePause = try await assembly.queue.pause(of: .queue(queue))
        }
        view.row = try await row()
        if place == nil, view.row == nil {
            view.unseen = try await assembly.queue.findUnseen(
                job,
                in: assembly.settings.queues.map(\.name)
            )
        }
        return view
    }

    func row() async throws -> HistoryRow? {
        try await reader.rows(of: [job]).first
    }

    func events() async throws -> [HistoryEvent] {
        try await reader.events(of: job)
    }
}
