internal import Glibc

/// A program started by this one, in a process of its own.
///
/// The child starts with every signal at its default and unblocked, and with no descriptors but
/// standard input, output and error. It does not end with its parent by itself; give it
/// `.heldOpen` input when it has to notice that the parent is gone.
package final class ChildProcess: Sendable {
    /// What the child reads from standard input.
    package enum Input: Sendable {
        /// Nothing: an end of file at once.
        case nothing
        case file(String)
        /// Nothing, but no end of file either until `closeInput`, the end of this object, or the
        /// death of this process, however it dies.
        case heldOpen
    }

    /// Where the child's standard output or standard error goes.
    package enum Output: Sendable {
        case inherit
        /// Appended; made with mode 0600 when it does not exist.
        case file(String)
        case discard
    }

    /// What to run, and with what around it.
    ///
    /// Its description names the program only: arguments and environment may hold secrets.
    package struct Plan: Sendable, CustomStringConvertible {
        /// A path, or a name that is looked for in this process's PATH.
        package var executable: String
        package var arguments: [String]
        /// Every variable of the child; `nil`: those of this process.
        package var environment: [String: String]?
        /// `nil`: that of this process.
        package var workingFolder: String?
        package var input: Input
        package var output: Output
        /// `nil`: the same as `output`.
        package var errors: Output?
        /// Whether the child leads a process group of its own, out of reach of Ctrl-C.
        package var hasOwnGroup: Bool

        package init(
            _ executable: String,
            _ arguments: [String],
            environment: [String: String]? = nil,
            workingFolder: String? = nil,
            input: Input = .nothing,
            output: Output = .inherit,
            errors: Output? = nil,
            hasOwnGroup: Bool = false
        ) {
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
            self.workingFolder = workingFolder
            self.input = input
            self.output = output
            self.errors = errors
            self.hasOwnGroup = hasOwnGroup
        }

        package var description: String { executable }
    }

    /// The system's number for the child; it may name another process once this one has ended.
    package let pid: Int32
    private let end: ChildEnd
    private let heldInput: HeldDescriptor?

    private init(pid: Int32, end: ChildEnd, heldInput: HeldDescriptor?) {
        self.pid = pid
        self.end = end
        self.heldInput = heldInput
    }

    /// Starts a program.
    ///
    /// - Throws: `ProcessError` when the program, its folder or a file cannot be used; then nothing
    ///   was started.
    package static func launch(_ plan: Plan) throws(ProcessError) -> ChildProcess {
        let pipe: LifelinePipe?
        if case .heldOpen = plan.input { pipe = try LifelinePipe() } else { pipe = nil }
        let pid = try spawn(plan, heldOpen: pipe?.readEnd.number)
        let end = ChildEnd(pid: pid)
        end.startWaiting()
        return ChildProcess(pid: pid, end: end, heldInput: pipe?.writeEnd)
    }

    /// Whether the child has not ended yet.
    package var isRunning: Bool { end.status == nil }

    /// Sends a signal; harmless when the child has ended, even if its number was given away.
    package func send(_ signal: Signal) {
        end.send(signal.rawValue)
    }

    /// Ends what `.heldOpen` input holds back: the child reads an end of file.
    package func closeInput() {
        heldInput?.close()
    }

    /// Waits until the child has ended.
    ///
    /// - Returns: `nil` when it still runs after `timeout`, or the calling task was cancelled.
    package func waitForExit(timeout: Duration) async -> ChildExit? {
        await withTaskGroup(of: ChildExit?.self) { group in
            group.addTask { await self.end.wait() }
            group.addTask {
                // Cancellation ends the wait as the time-out does.
                try? await Task.sleep(for: timeout)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? end.status
        }
    }

    /// Asks the child to end with SIGTERM and, if it still runs after `patience`, ends it with
    /// SIGKILL.
    ///
    /// - Returns: `nil` only when the kernel holds a killed child for more than ten seconds.
    @discardableResult
    package func stop(
        with signal: Signal = .terminate,
        patience: Duration
    ) async -> ChildExit? {
        send(signal)
        if let status = await waitForExit(timeout: patience) { return status }
        send(.kill)
        return await waitForExit(timeout: .seconds(10))
    }
}

/// How a child ended.
package enum ChildExit: Sendable, Equatable {
    case exited(code: Int32)
    case killed(signal: Int32)

    /// Whether it exited with code 0.
    package var isSuccess: Bool { self == .exited(code: 0) }
}

/// Why a program was not started, or another call of the operating system failed.
package enum ProcessError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The program or its working folder does not exist, or may not be used.
    case cannotLaunch(executable: String, reason: String)
    /// A call of the operating system failed.
    case system(call: String, reason: String)

    package var description: String {
        switch self {
        case .cannotLaunch(let executable, let reason): "cannot start \(executable): \(reason)"
        case .system(let call, let reason): "\(call) failed: \(reason)"
        }
    }

    /// The text for an error number, `strerror` without its shared buffer.
    static func reason(_ number: CInt) -> String {
        var text = [CChar](repeating: 0, count: 256)
        // Glibc imports the POSIX form: 0, and the text in the buffer.
        guard strerror_r(number, &text, text.count) == 0 else { return "error \(number)" }
        return String(nulTerminated: text)
    }
}

extension String {
    /// The text before the first NUL of a C buffer.
    init(nulTerminated buffer: [CChar]) {
        self.init(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }
}
