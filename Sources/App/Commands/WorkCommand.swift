internal import Publishing

extension Command {
    static let work = Command(
        name: "work",
        synopsis: "[--env-file PATH]",
        summary: "runs a worker until told to stop",
        help: """
            Claims jobs from the lists in QUEUES and publishes them until told to stop. Waits for
            Redis and PostgreSQL while they are away, also at the start, and says so in the log.

            TERM or INT drains: claims nothing more, finishes or checkpoints what runs, hands the
            rest back, exits 0 within SHUTDOWN_GRACE_SECONDS. A second one hands back at once.
            USR1 stops claiming but stays up. USR2 logs the worker's state.
            """,
        run: { arguments, console in
            let settings = try Environment.settings(arguments, console)
            let assembly = Assembly(settings)
            let parts = assembly.makeWorker()
            // First of all: whoever stops a worker that is only starting must not be ignored.
            let signals = Task { await StopSignals.obey(parts.worker) }
            await assembly.reportOutages(to: parts)
            try await checkSchema(assembly, parts.worker)
            await parts.celery.start(for: parts.worker)
            let keeper = Task { await AccountKeeper(assembly.accounts).run() }
            let listener = try await WebhookListener.start(assembly, parts)
            await parts.worker.run(waiters: parts.waiters)
            await listener?.stop()
            keeper.cancel()
            await parts.celery.stop()
            await assembly.accounts.settle(atMost: tokenGrace)
            signals.cancel()
            await parts.close()
            await assembly.close()
            return .done
        }
    )

    /// How long a worker that has drained waits for tokens that are on their way: their old refresh
    /// token may be dead already.
    private static let tokenGrace = Duration.seconds(5)

    /// A worker that meets an older schema would fail job after job.
    private static func checkSchema(_ assembly: Assembly, _ worker: Worker) async throws {
        let migrator = Migrator(database: assembly.database, schema: assembly.settings.schema)
        guard let version = try await worker.schemaVersion(of: migrator) else { return }
        guard version >= Migrator.current else {
            throw CommandFailure(
                "the database schema is version \(version), this program needs "
                    + "\(Migrator.current); run `tiktok-publisher migrate`"
            )
        }
    }
}
