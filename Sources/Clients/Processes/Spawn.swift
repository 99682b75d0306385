internal import Glibc

extension ChildProcess {
    /// Calls `posix_spawnp` for a plan; `heldOpen` becomes standard input where the plan says so.
    static func spawn(_ plan: Plan, heldOpen: CInt?) throws(ProcessError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        arrangeFiles(&actions, plan: plan, heldOpen: heldOpen)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        arrangeSignals(&attributes, hasOwnGroup: plan.hasOwnGroup)

        let arguments = CStrings([plan.executable] + plan.arguments)
        let environment = plan.environment.map { variables in
            CStrings(variables.map { "\($0.key)=\($0.value)" }.sorted())
        }
        var pid: pid_t = 0
        let failure = posix_spawnp(
            &pid,
            plan.executable,
            &actions,
            &attributes,
            arguments.pointers,
            environment?.pointers ?? environ
        )
        guard failure == 0 else {
            throw .cannotLaunch(executable: plan.executable, reason: ProcessError.reason(failure))
        }
        return pid
    }

    /// Standard input, output and error; then the folder, so that file names are taken in the
    /// parent's folder; then every other descriptor is closed, whoever opened it.
    private static func arrangeFiles(
        _ actions: inout posix_spawn_file_actions_t,
        plan: Plan,
        heldOpen: CInt?
    ) {
        switch plan.input {
        case .nothing:
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        case .file(let path):
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, path, O_RDONLY, 0)
        case .heldOpen:
            posix_spawn_file_actions_adddup2(&actions, heldOpen ?? STDIN_FILENO, STDIN_FILENO)
        }
        arrange(plan.output, as: STDOUT_FILENO, &actions)
        if let errors = plan.errors {
            arrange(errors, as: STDERR_FILENO, &actions)
        } else if case .inherit = plan.output {
            arrange(.inherit, as: STDERR_FILENO, &actions)
        } else {
            posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        }
        if let folder = plan.workingFolder {
            _ = addChangeFolder(&actions, folder)
        }
        _ = addCloseFrom(&actions, 3)
    }

    private static func arrange(
        _ output: Output,
        as descriptor: CInt,
        _ actions: inout posix_spawn_file_actions_t
    ) {
        switch output {
        case .inherit:
            break
        case .file(let path):
            let flags = O_WRONLY | O_CREAT | O_APPEND
            posix_spawn_file_actions_addopen(&actions, descriptor, path, flags, 0o600)
        case .discard:
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
        }
    }

    private static func arrangeSignals(_ attributes: inout posix_spawnattr_t, hasOwnGroup: Bool) {
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        var flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        if hasOwnGroup {
            posix_spawnattr_setpgroup(&attributes, 0)
            flags |= POSIX_SPAWN_SETPGROUP
        }
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }
}

/// A null-terminated array of C strings, freed with its last owner.
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() {
            pointers.advanced(by: index).initialize(to: strdup(string))
        }
        pointers.advanced(by: count).initialize(to: nil)
    }

    deinit {
        for index in 0..<count {
            free(pointers[index])
        }
        pointers.deallocate()
    }
}
