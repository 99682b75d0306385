import Foundation
import Processes
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ProcessesTests {
    /// A file of its own for one test, removed when the test is over.
    private final class ScratchFile {
        let path = NSTemporaryDirectory() + "processes-test-" + UUID().uuidString

        var text: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func shell(
        _ script: String,
        input: ChildProcess.Input = .nothing,
        output: ChildProcess.Output = .discard,
        environment: [String: String]? = nil,
        workingFolder: String? = nil
    ) throws -> ChildProcess {
        try ChildProcess.launch(
            .init(
                "sh",
                ["-c", script],
                environment: environment,
                workingFolder: workingFolder,
                input: input,
                output: output,
                hasOwnGroup: true
            )
        )
    }

    @Test func `the exit code of a child is reported`() async throws {
        let child = try shell("exit 7")

        let status = await child.waitForExit(timeout: .seconds(30))

        #expect(status == .exited(code: 7))
        #expect(!child.isRunning)
    }

    @Test func `the signal that ended a child is reported`() async throws {
        let child = try shell("kill -9 $$")

        #expect(await child.waitForExit(timeout: .seconds(30)) == .killed(signal: 9))
    }

    @Test func `every waiter learns of the end, early or late`() async throws {
        let child = try shell("cat", input: .heldOpen)
        async let first = child.waitForExit(timeout: .seconds(30))
        async let second = child.waitForExit(timeout: .seconds(30))

        child.closeInput()

        #expect(await first == .exited(code: 0))
        #expect(await second == .exited(code: 0))
        #expect(await child.waitForExit(timeout: .seconds(30)) == .exited(code: 0))
    }

    @Test func `a wait ends at its time-out while the child runs on`() async throws {
        let child = try shell("cat", input: .heldOpen)

        #expect(await child.waitForExit(timeout: .milliseconds(1)) == nil)
        #expect(child.isRunning)

        #expect(await child.stop(patience: .seconds(30)) == .killed(signal: 15))
    }

    @Test func `a wait ends when its task is cancelled`() async throws {
        let child = try shell("cat", input: .heldOpen)

        let wait = Task { await child.waitForExit(timeout: .seconds(3600)) }
        wait.cancel()

        #expect(await wait.value == nil)
        await child.stop(patience: .seconds(30))
    }

    @Test func `a child that ignores the request to end is killed`() async throws {
        let file = ScratchFile()
        let child = try shell(
            "trap '' TERM; echo ready; while :; do read -r _; done",
            input: .heldOpen,
            output: .file(file.path)
        )
        while file.text.isEmpty, child.isRunning { await Task.yield() }

        #expect(await child.stop(patience: .milliseconds(10)) == .killed(signal: 9))
    }

    @Test func `a child with held input reads its end when the parent lets go`() async throws {
        let file = ScratchFile()
        var child: ChildProcess? = try shell(
            "cat; echo over",
            input: .heldOpen,
            output: .file(file.path)
        )
        let pid = try #require(child?.pid)

        child = nil

        #expect(pid > 0)
        while file.text.isEmpty { await Task.yield() }
        #expect(file.text == "over\n")
    }

    @Test func `environment, folder and output are those of the plan`() async throws {
        let file = ScratchFile()
        let child = try shell(
            "echo $COLOUR $PWD; echo trouble >&2",
            output: .file(file.path),
            environment: ["COLOUR": "blue", "PATH": "/usr/bin:/bin"],
            workingFolder: "/usr"
        )

        #expect(await child.waitForExit(timeout: .seconds(30)) == .exited(code: 0))

        #expect(file.text == "blue /usr\ntrouble\n")
    }

    @Test func `a child has no descriptors but the three standard ones`() async throws {
        let leak = open("/dev/null", O_RDONLY)  // Deliberately not close-on-exec.
        defer { close(leak) }
        let file = ScratchFile()
        let child = try shell("ls /proc/$$/fd", output: .file(file.path))

        #expect(await child.waitForExit(timeout: .seconds(30)) == .exited(code: 0))

        #expect(file.text == "0\n1\n2\n")
    }

    @Test func `a child starts with no signal blocked or ignored`() async throws {
        Signals.ignoreBrokenPipes()
        let file = ScratchFile()
        let child = try ChildProcess.launch(
            .init("grep", ["-E", "^Sig(Blk|Ign)", "/proc/self/status"], output: .file(file.path))
        )

        #expect(await child.waitForExit(timeout: .seconds(30)) == .exited(code: 0))

        let masks = file.text.split(whereSeparator: \.isWhitespace).compactMap {
            UInt64($0, radix: 16)
        }
        // Signals 32 and 33 are the C library's own.
        #expect(masks.map { $0 & 0x7fff_ffff } == [0, 0])
    }

    @Test(arguments: [
        ChildProcess.Plan("no-such-program-anywhere", []),
        ChildProcess.Plan("sh", [], workingFolder: "/no/such/folder"),
        ChildProcess.Plan("sh", [], input: .file("/no/such/file")),
        ChildProcess.Plan("/etc/passwd", []),
    ])
    func `what cannot be started is an error`(plan: ChildProcess.Plan) {
        #expect(throws: ProcessError.self) { try ChildProcess.launch(plan) }
    }

    @Test func `a signal to an ended child does nothing`() async throws {
        let child = try shell("exit 0")
        _ = await child.waitForExit(timeout: .seconds(30))

        child.send(.kill)

        #expect(await child.waitForExit(timeout: .seconds(30)) == .exited(code: 0))
    }

    @Test func `signals arrive at their listeners and at nobody else`() async throws {
        var first = Signals.listen(to: [.user1, .user2]).makeAsyncIterator()
        var second = Signals.listen(to: [.user2]).makeAsyncIterator()

        Signal.user1.send(to: ProcessIdentity.pid)
        #expect(await first.next() == .user1)
        Signal.user2.send(to: ProcessIdentity.pid)

        #expect(await first.next() == .user2)
        #expect(await second.next() == .user2)
    }

    @Test func `the default action returns with the last listener`() async {
        await #expect(processExitsWith: .signal(SIGUSR1)) {
            do {
                var listener = Signals.listen(to: [.user1]).makeAsyncIterator()
                Signal.user1.send(to: ProcessIdentity.pid)
                _ = await listener.next()
            }
            Signal.user1.send(to: ProcessIdentity.pid)
            try await Task.sleep(for: .seconds(30))
        }
    }

    @Test func `a process can forbid itself to leave its memory behind`() async {
        await #expect(processExitsWith: .exitCode(0)) {
            try System.disableCoreDumps()
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
            // Not even its owner may look into a process that is not dumpable: root owns its files.
            let status = try FileManager.default.attributesOfItem(atPath: "/proc/self/mem")
            let owner = status[.ownerAccountID] as? Int
            exit(limit.rlim_max == 0 && owner == 0 ? 0 : 1)
        }
    }

    @Test func `a free port can be bound, a taken one is told apart`() async throws {
        let port = try Loopback.freePort()

        #expect(Loopback.ports.contains(port))
        #expect(try Loopback.isFree(port))
        #expect(await Loopback.ask(port: port, [1], answerBytes: 1) == nil)
    }

    @Test func `the surroundings are known`() {
        #expect(!Hostname.current.isEmpty)
        #expect(ProcessIdentity.pid == getpid())
        #expect(ProcessIdentity.isRoot == (geteuid() == 0))
        #expect(!Terminal.isTerminal(-1))
        #expect(Terminal.width(-1) == nil)
        #expect(SystemUser(named: "root")?.userID == 0)
        #expect(SystemUser(named: "no-such-user-anywhere") == nil)
    }
}
