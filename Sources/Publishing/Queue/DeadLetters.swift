package import FoundationEssentials
internal import Postgres
internal import Redis
internal import TikTok

/// The dead letters with their rows: found, brought back, dropped.
package struct DeadLetters: Sendable {
    let queue: JobQueue
    private let history: History
    private let reader: HistoryReader

    package init(queue: JobQueue, history: History, reader: HistoryReader) {
        self.queue = queue
        self.history = history
        self.reader = reader
    }

    /// A job that will not go on unless a person says so.
    package struct Letter: Sendable {
        package let ticket: String
        /// `nil` when its document could not be read.
        package let job: String?
        package let account: String?
        package let queue: String
        /// A code of the error catalogue, as the queue noted it.
        package let reason: String
        /// `nil`: not dead yet, TikTok is still asked about it now and then.
        package let diedAt: Date?
        /// The row of the same id, if there is one.
        package let row: HistoryRow?

        /// Set when its document breaks a rule; a row of that id may be another job's.
        fileprivate var failure: Failure?

        /// The code of the row where it has one: more exact than the queue's.
        package var code: String { failure?.code ?? row?.errorCode ?? reason }
        package var owner: String? { failure?.owner.rawValue ?? row?.errorOwner }
        package var message: String? { failure?.message ?? row?.errorMessage }
        package var action: String? { failure?.action ?? row?.errorAction }
    }

    /// Which letters; without any condition, all of them.
    package struct Selection: Sendable {
        package var jobs: Set<String> = []
        package var account: String?
        package var code: String?
        package var limit = JobQueue.deadLettersMax

        package init() {}

        fileprivate func takes(_ letter: Letter) -> Bool {
            (jobs.isEmpty || letter.job.map(jobs.contains) == true)
                && (account == nil || letter.account == account)
                && (code == nil || letter.reason == code || letter.code == code)
        }
    }

    /// Letters that are read at once.
    private static let pageLength = 200

    // MARK: Finding

    /// The letters of a selection, the newest first.
    package func find(_ selection: Selection) async throws -> [Letter] {
        var found: [Letter] = []
        var seen: Set<String> = []
        var offset = 0
        while found.count < selection.limit, offset < JobQueue.deadLettersMax {
            let page = try await queue.deadTickets(from: offset, atMost: Self.pageLength)
            // New ones push others onto the next page, where they would be met twice.
            let fresh = try await letters(page.filter { seen.insert($0.ticket).inserted })
            found += fresh.filter(selection.takes)
            guard page.count == Self.pageLength else { break }
            offset += Self.pageLength
        }
        found += try await findDoubted(selection, besides: found)
        return Array(found.prefix(selection.limit))
    }

    /// Jobs in doubt that are named: TikTok is asked about them for a week before they are dead.
    private func findDoubted(
        _ selection: Selection,
        besides found: [Letter]
    ) async throws -> [Letter] {
        let names = selection.jobs.subtracting(found.compactMap(\.job))
        let rows = try await reader.rows(of: names.sorted()).filter { $0.status == .inDoubt }
        var letters: [Letter] = []
        for row in rows {
            guard let place = try await queue.find(row.job), place.stage == .reconcile,
                let list = place.queue
            else { continue }
            letters.append(
                Letter(
                    ticket: place.ticket,
                    job: row.job,
                    account: row.account,
                    queue: list,
                    reason: place.reason ?? Status.inDoubt.rawValue,
                    diedAt: nil,
                    row: row
                )
            )
        }
        return letters.filter(selection.takes)
    }

    private func letters(_ dead: [JobQueue.DeadTicket]) async throws -> [Letter] {
        let rows = try await reader.rows(of: dead.compactMap(\.job))
        let byJob = Dictionary(rows.map { ($0.job, $0) }) { first, _ in first }
        return dead.map { dead in
            Letter(
                ticket: dead.ticket,
                job: dead.job,
                account: dead.account,
                queue: dead.queue,
                reason: dead.reason,
                diedAt: dead.diedAt,
                row: dead.job.flatMap { byJob[$0] },
                failure: dead.broken.map(Failure.documentBroken)
            )
        }
    }

    // MARK: Bringing back and dropping

    /// What became of a wish.
    package enum Answer: Sendable, Equatable {
        case done
        /// Nothing was changed, and why.
        case refused(String)
        /// Somebody else was quicker.
        case gone
    }

    /// Lets a letter begin anew from its document.
    ///
    /// The row is opened first: a job that the queue hands out while its row is final would end at
    /// once. Both steps can be repeated when one of them fails.
    ///
    /// - Parameter evenInDoubt: also when TikTok may have posted it; only a person can know better.
    package func retry(_ letter: Letter, evenInDoubt: Bool) async throws -> Answer {
        let job: PublishJob
        switch try await queue.document(of: letter.ticket) {
        case .gone: return .gone
        case .tooLong(let bytes): return .refused("its document has \(bytes) bytes")
        case .bytes(let bytes):
            do {
                job = try PublishJob(document: bytes)
            } catch {
                return .refused("its document still breaks a rule: \(error)")
            }
        }
        let rows = try await reader.rows(of: [job.id])
        let isInDoubt =
            rows.first.map { $0.status == .inDoubt } ?? (letter.reason == Status.inDoubt.rawValue)
        guard !isInDoubt || evenInDoubt else { return .refused(Self.doubt) }
        let isOpen = try await history.reopen(job.id, evenInDoubt: evenInDoubt)
        // Without a row nothing of it was ever sent.
        guard isOpen || rows.isEmpty else {
            let now = try await reader.rows(of: [job.id]).first?.status ?? .published
            return .refused("a job of this id is \(now.rawValue)")
        }
        return try await revive(letter.ticket)
    }

    private static let doubt =
        "TikTok may have posted it; look at the creator's profile, and only if it is not there, "
        + "name the job together with --in-doubt"

    /// A job in doubt may be in a worker's hands for a moment, to be asked about.
    private func revive(_ ticket: String) async throws -> Answer {
        for _ in 0..<20 {
            if try await queue.revive(ticket) { return .done }
            guard try await queue.isInHand(ticket) else { return .gone }
            try await Task.sleep(for: .milliseconds(500))
        }
        return .gone
    }

    /// Drops a letter; its row stays.
    package func purge(_ letter: Letter) async throws -> Answer {
        guard letter.diedAt != nil else {
            return .refused("it is no dead letter yet: TikTok is still asked about it")
        }
        return try await queue.purge(letter.ticket) ? .done : .gone
    }
}
