package import EventLoop
internal import FoundationEssentials
internal import Postgres
internal import Redis
package import Telemetry
internal import TikTok

/// Keeps what webhooks say, and does what follows from it.
///
/// What is kept is never taken for what became of a post: it only makes a worker ask TikTok now.
/// Whichever process keeps a note follows it at once; one that dies leaves it to the others.
package struct Webhooks: Sendable {
    private let history: History
    private let queue: JobQueue
    private let accounts: Accounts
    private let log: Log
    private let keeping: Batches<WebhookNote, Result<Void, PostgresError>>
    private let newsPokes = Pokes()
    private let removalPokes = Pokes()

    /// How long another process may take with a note of its own.
    private static let othersTime = Duration.seconds(20)
    /// Between two looks for what others have left.
    private static let sweepPause = Duration.seconds(15)
    /// After a server did not answer.
    private static let troublePause = Duration.seconds(2)
    /// After this nobody asks any more whether a consent has ended: the next post finds out.
    private static let removalPatience = Duration.seconds(3 * 86_400)

    /// - Parameter loop: the database's.
    package init(
        history: History,
        on loop: EventLoop,
        queue: JobQueue,
        accounts: Accounts,
        log: Log
    ) {
        self.history = history
        self.queue = queue
        self.accounts = accounts
        self.log = log
        let (database, worker) = (history.database, history.worker)
        keeping = Batches(on: loop, atMost: History.notesMax) { notes in
            await History.keep(notes, in: database, worker: worker)
        }
    }

    /// Returns when the note is safe.
    func keep(_ note: WebhookNote) async throws(HistoryError) {
        switch await keeping.ask(note) {
        case .failure(let error): throw history.noted(error)
        case .success: (note.event == WebhookNote.removal ? removalPokes : newsPokes).poke()
        }
    }

    // MARK: Following

    /// Runs until cancelled.
    package func follow() async {
        async let news: Void = repeating(newsPokes) { try await followNews() }
        async let removals: Void = repeating(removalPokes) { try await followRemovals() }
        _ = await (news, removals)
    }

    /// - Parameter round: answers whether it left nothing that could be done now.
    private func repeating(_ pokes: Pokes, _ round: () async throws -> Bool) async {
        await withTaskCancellationHandler {
            while !Task.isCancelled {
                var pause = Self.troublePause
                do {
                    pause = try await round() ? Self.sweepPause : .zero
                } catch {
                    // A server is away, which the worker has told already; the note stays.
                }
                if pause > .zero { await pokes.wait(atMost: pause) }
            }
        } onCancel: {
            pokes.poke()
        }
    }

    private func followNews() async throws -> Bool {
        let notes = try await history.openNotes(ofRemovals: false, leftFor: Self.othersTime)
        guard !notes.isEmpty else {
            try await history.forgetOldNotes()
            return true
        }
        let announced = try await history.tell(Array(Set(notes.map(\.subject))))
        let known = Set(announced.map(\.publishID))
        let strange = notes.filter { !known.contains($0.subject) }
        let asked = announced.filter(\.isAskedAbout).map(\.ticket)
        try await queue.hint(asked)
        try await queue.hint(try await history.doubtedTickets(of: strange.map(\.openID)))
        try await history.followed(notes)
        for note in notes { tell(note, isKnown: known.contains(note.subject)) }
        return notes.count < History.notesMax
    }

    private func tell(_ note: History.OpenNote, isKnown: Bool) {
        log.info(
            "webhook.followed",
            [
                "tiktok_event": .string(note.event), "publish_id": .string(note.subject),
                "known": .bool(isKnown),
            ]
        )
    }

    // MARK: Consents that ended

    private func followRemovals() async throws -> Bool {
        let notes = try await history.openNotes(ofRemovals: true, leftFor: Self.othersTime)
        for note in notes {
            let reason = note.reason.flatMap { Int64($0) }.flatMap(RemovalReason.init)
            let isSettled = try await accounts.settleRemoval(
                of: note.openID,
                because: reason ?? .unknown
            )
            let isOver = note.receivedAt < .now - Self.removalPatience.seconds
            guard isSettled || isOver else { continue }
            try await history.followed([note])
        }
        return true
    }
}
