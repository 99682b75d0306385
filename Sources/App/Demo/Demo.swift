internal import EventLoop
internal import Files
internal import FoundationEssentials
internal import PrivateServers
internal import Processes
internal import Publishing
internal import Sandbox

/// The whole thing, seen working: real servers, a real worker process, real bytes.
struct Demo {
    let clip: String
    let isKept: Bool
    let console: Console

    /// How long the jobs may take; a slow machine needs some seconds.
    private static let patience = Duration.seconds(180)

    func run() async throws -> ExitCode {
        let folder = try TemporaryFolder()
        do {
            let code = try await run(in: folder)
            try await folder.remove()
            return code
        } catch {
            try await folder.remove()
            guard !(error is CancellationError), !Task.isCancelled else {
                console.err("\ninterrupted; nothing is left running")
                return .failed
            }
            throw error
        }
    }

    private func run(in folder: TemporaryFolder) async throws -> ExitCode {
        console.out("starting a private Redis, PostgreSQL and TikTok sandbox…")
        let loop = EventLoop(name: "demo")
        defer { loop.stop() }
        let redis = try await RedisServer.start(in: folder)
        let postgres = try await PostgresServer.start(in: folder)
        let media = try DemoMedia(clip: clip, folder: folder.path + "/media")
        let mediaHost = try await MediaHost.start(serving: folder.path + "/media", on: loop)
        let options = DemoScene.sandboxOptions(mediaHost: mediaHost.url)
        let sandbox = try await Sandbox.start(on: loop, options: options)
        let scene = DemoScene(
            folder: folder.path,
            redis: redis.url,
            postgres: postgres.url,
            sandbox: sandbox.url,
            mediaHost: mediaHost.url
        )
        try scene.writeSettings()
        let assembly = Assembly(try Settings(scene.settings))
        defer { assembly.stop() }
        try await prepare(assembly, sandbox)

        let worker = try scene.startWorker()
        let jobs = DemoJob.all
        console.out("pushing \(jobs.count) jobs; a worker (process \(worker.pid)) publishes them")
        for job in jobs { _ = try await assembly.queue.push(job.document, onto: "tiktok") }
        let rows = try await wait(for: jobs.map(\.id), assembly, worker, scene)
        console.out("\n" + HistoryText.table(rows) + "\n")
        let isRight = try await DemoVerdict(
            rows: rows,
            report: sandbox.report(),
            jobs: jobs,
            console: console
        ).judge(media)
        if isKept { try await keep(scene) }
        _ = await worker.stop(patience: .seconds(30))
        await sandbox.stop()
        await mediaHost.stop()
        return isRight ? .done : .failed
    }

    /// The schema, and two accounts whose tokens are sealed as those of real ones.
    private func prepare(_ assembly: Assembly, _ sandbox: Sandbox) async throws {
        _ = try await Migrator(
            database: assembly.database,
            schema: assembly.settings.schema
        ).migrate()
        for account in DemoScene.accounts {
            let connection = sandbox.addAccount(account)
            try await assembly.accounts.add(
                Accounts.Connection(account.username, connection)
            )
        }
    }

    private func wait(
        for jobs: [String],
        _ assembly: Assembly,
        _ worker: ChildProcess,
        _ scene: DemoScene
    ) async throws -> [HistoryRow] {
        let progress = Progress(
            reader: HistoryReader(database: assembly.database),
            console: console
        )
        return try await withThrowingTaskGroup(of: [HistoryRow]?.self) { group in
            group.addTask { try await progress.wait(for: jobs) }
            group.addTask {
                let exit = await worker.waitForExit(timeout: Self.patience)
                let log = (try? WholeFile.read(scene.workerLog, limit: 1 << 20)) ?? []
                let tail = String(decoding: log.suffix(2000), as: UTF8.self)
                throw CommandFailure(
                    (exit == nil
                        ? "the jobs did not end within \(Self.patience)"
                        : "the worker ended by itself") + "; its last words:\n\(tail)"
                )
            }
            defer { group.cancelAll() }
            return try await group.next().flatMap(\.self) ?? []
        }
    }

    private func keep(_ scene: DemoScene) async throws {
        console.out(
            """

            Everything stays up until Ctrl-C. To try commands against it:

              tiktok-publisher history --env-file \(scene.settingsPath)
              tiktok-publisher accounts list --env-file \(scene.settingsPath)
              tiktok-publisher doctor --env-file \(scene.settingsPath)
              echo '{"id":"mine","account":"mira","video":"short.mp4","privacy":"private"}' |
                tiktok-publisher enqueue --wait --env-file \(scene.settingsPath)

            The sandbox's journal: \(scene.sandbox)/sandbox/journal
            The worker's log: \(scene.workerLog)
            """
        )
        while !Task.isCancelled { try await Task.sleep(for: .seconds(3600)) }
    }
}
