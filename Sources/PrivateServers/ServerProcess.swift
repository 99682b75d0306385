internal import FoundationEssentials
internal import Processes

/// How to run one server.
struct ServerRecipe: Sendable {
    /// For messages: "Redis".
    let name: String
    /// Without output, which goes to numbered logs in `folder`.
    let plan: ChildProcess.Plan
    let folder: String
    /// The signal for an orderly end.
    let stopSignal: Signal
    /// Whether the process of this number accepts work.
    let isReady: @Sendable (_ pid: Int32) async -> Bool
}

/// One server, running or not, which can be started again with the same data on the same port.
package actor ServerProcess {
    /// The longest wait for a server to get ready.
    ///
    /// Generous: machines that build are slow.
    static let startLimit: Duration = .seconds(60)
    private static let pollInterval: Duration = .milliseconds(20)

    private let recipe: ServerRecipe
    private var child: ChildProcess?
    private var starts = 0

    init(_ recipe: ServerRecipe) {
        self.recipe = recipe
    }

    /// The running process; `nil` when it has ended.
    var pid: Int32? {
        guard let child, child.isRunning else { return nil }
        return child.pid
    }

    /// The last 4 KiB the server wrote since its latest start.
    var logTail: String { Self.tail(of: logPath) }

    private var logPath: String { "\(recipe.folder)/log-\(starts)" }

    /// Starts the server and waits until it is ready.
    ///
    /// - Throws: `.ended`, `.notReady` or `.process`; then it does not run.
    func start() async throws(PrivateServerError) {
        await stop()
        starts += 1
        var plan = recipe.plan
        plan.output = .file(logPath)
        let child: ChildProcess
        do {
            child = try ChildProcess.launch(plan)
        } catch {
            throw .process(error)
        }
        self.child = child
        let deadline = ContinuousClock.now + Self.startLimit
        while await !recipe.isReady(child.pid) {
            guard child.isRunning else { throw .ended(server: recipe.name, log: logTail) }
            guard ContinuousClock.now < deadline, !Task.isCancelled else {
                await kill()
                throw .notReady(server: recipe.name, within: Self.startLimit, log: logTail)
            }
            // A cancelled sleep is noticed by the guard above.
            try? await Task.sleep(for: Self.pollInterval)
        }
    }

    /// Starts the server again, stopping it first when it runs.
    ///
    /// What the last process held (the port, shared memory) may be let go a moment after its end,
    /// so a refusal for that reason is met with patience.
    func restart() async throws(PrivateServerError) {
        let deadline = ContinuousClock.now + Self.startLimit
        while true {
            do {
                return try await start()
            } catch .ended(let server, let log) {
                guard isTaken(log), ContinuousClock.now < deadline, !Task.isCancelled else {
                    throw .ended(server: server, log: log)
                }
                // A cancelled sleep is noticed by the guard above.
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// Whether the server ended because somebody else holds what it needs.
    nonisolated func isTaken(_ log: String) -> Bool {
        log.contains("in use") || log.contains("already exists")
    }

    /// Ends the server in an orderly way; harmless when it does not run.
    func stop() async {
        guard let child else { return }
        resume()
        await child.stop(with: recipe.stopSignal, patience: .seconds(20))
        self.child = nil
    }

    /// Ends the server and its helpers at once, as a power cut would.
    func kill() async {
        guard let child else { return }
        // Stopped first, so that it starts no more helpers and tells the present ones nothing.
        child.send(.pause)
        let helpers = Self.children(of: child.pid)
        child.send(.kill)
        for helper in helpers { Signal.kill.send(to: helper) }
        _ = await child.waitForExit(timeout: .seconds(10))
        self.child = nil
    }

    /// Freezes the server and its helpers: connections stay open and nobody answers.
    func pause() {
        guard let child else { return }
        child.send(.pause)
        for helper in Self.children(of: child.pid) { Signal.pause.send(to: helper) }
    }

    func resume() {
        guard let child else { return }
        for helper in Self.children(of: child.pid) { Signal.resume.send(to: helper) }
        child.send(.resume)
    }

    private static func children(of pid: Int32) -> [Int32] {
        let path = "/proc/\(pid)/task/\(pid)/children"
        // The process may have ended: then it has no children either.
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return text?.split(separator: " ").compactMap { Int32($0) } ?? []
    }

    static func tail(of path: String) -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else { return "(no log)" }
        return String(decoding: bytes.suffix(4096), as: UTF8.self)
    }
}
