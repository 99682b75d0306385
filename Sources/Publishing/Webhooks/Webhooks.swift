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
    private let news: Side
    private let removals: Side

    /// Words of one kind, and what keeps them from being followed.
    private struct Side {
        let pokes = Pokes()
        let faults: WebhookFaults
    }

    /// How long another process may take with a note of its own.
    private static let othersTime = Duration.seconds(20)
    /// Between two looks for what others have left.
    private static let sweepPause = Duration.seconds(15)
    /// After a server did not answer.
    private static let troublePause = Duration.seconds(2)
    /// After this a note that cannot be followed is given up: of a consent that may have ended, the
    /// next post finds out.
    private static let patience = Duration.seconds(3 * 86_400)

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
        news = Side(faults: WebhookFaults(log))
        removals = Side(faults: WebhookFaults(log))
        let (database, worker) = (history.database, history.worker)
        keeping = Batches(on: loop, atMost: History.notesMax) { notes in
            await History.keep(notes, in: database, worker: worker)
        }
    }

    /// Returns when the note is safe.
    func keep(_ note: WebhookNote) async throws(HistoryError) {
        switch await keeping.ask(note) {
        case .failure(let error): throw history.noted(error)
        case .success: side(of: note.event).pokes.poke()
        }
    }

    private func side(of event: String) -> Side { event == WebhookNote.removal ? removals : news }

    // MARK: Following

    /// Runs until cancelled.
    package func follow() async {
        async let posts: Void = repeating(news) { try await followNews() }
        async let consents: Void = repeating(removals) { try await followRemovals() }
        _ = await (posts, consents)
    }

    /// - Parameter round: answers whether it left nothing that could be done now.
    private func repeating(_ side: Side, _ round: () async throws -> Bool) async {
        await withTaskCancellationHandler {
            while !Task.isCancelled {
                var pause = Self.troublePause
                do {
                    pause = try await round() ? Self.sweepPause : .zero
                    side.faults.rest()
                } catch {
                    // A server that is away has been told of already; the note stays.
                    if let fault = WebhookFaults.fault(in: error) { side.faults.stops(fault) }
                }
                if pause > .zero { await side.pokes.wait(atMost: pause) }
            }
        } onCancel: {
            side.pokes.poke()
        }
    }

    private func followNews() async throws -> Bool {
        let notes = try await history.openNotes(ofRemovals: false, leftFor: Self.othersTime)
        guard !notes.isEmpty else {
            try await history.forgetOldNotes()
            return true
        }
        try await follow(notes, followNews)
        return notes.count < History.notesMax
    }

    /// Follows all of them at once, or, where one of them stands in the way, one by one: it is put
    /// off and keeps no other waiting.
    private func follow(
        _ notes: [History.OpenNote],
        _ act: ([History.OpenNote]) async throws -> Void
    ) async throws {
        do {
            return try await act(notes)
        } catch {
            guard let fault = WebhookFaults.fault(in: error) else { throw error }
            guard notes.count == 1, let note = notes.first else {
                for note in notes { try await follow([note], act) }
                return
            }
            if note.tries == 0 { side(of: note.event).faults.meets(fault, note) }
            try await putOff(note)
        }
    }

    /// Longer after each try, up to an hour; a note that is days old is given up.
    private func putOff(_ note: History.OpenNote) async throws {
        guard note.receivedAt > .now - Self.patience.seconds else {
            side(of: note.event).faults.givesUp(note)
            return try await history.followed([note])
        }
        try await history.putOff(note, for: .seconds(min(10 << min(note.tries, 9), 3600)))
    }

    private func followNews(_ notes: [History.OpenNote]) async throws {
        let announced = try await history.tell(Array(Set(notes.map(\.subject))))
        let known = Set(announced.map(\.publishID))
        let strange = notes.filter { !known.contains($0.subject) }
        try await queue.hint(announced.filter(\.isAskedAbout).map(\.ticket))
        try await queue.hint(try await history.doubtedTickets(of: strange.map(\.openID)))
        try await history.followed(notes)
        for note in notes { tell(note, isKnown: known.contains(note.subject)) }
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
            try await follow([note]) { _ in try await followRemoval(note) }
        }
        return notes.count < History.notesMax
    }

    private func followRemoval(_ note: History.OpenNote) async throws {
        let reason = note.reason.flatMap { Int64($0) }.flatMap(RemovalReason.init)
        let removal = try await accounts.settleRemoval(
            of: note.openID,
            because: reason ?? .unknown
        )
        for account in removal.closed { try await queue.wake(account) }
        guard removal.isSettled else { return try await putOff(note) }
        try await history.followed([note])
    }
}
