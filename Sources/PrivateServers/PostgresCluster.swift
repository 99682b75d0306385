internal import FoundationEssentials
internal import Processes

/// The files of one PostgreSQL, and the programs and the user that work on them.
struct PostgresCluster: Sendable {
    let folder: String
    let password: String
    private let programs: String
    /// Whose the files are; `nil`: ours, because we are not root.
    private let user: SystemUser?

    var data: String { folder + "/data" }

    /// Makes the folder, which is empty still.
    init(in parent: TemporaryFolder) throws(PrivateServerError) {
        programs = try Self.findPrograms()
        user = try Self.findUser()
        password = Randomness.text(count: 24)
        folder = try parent.makeFolder("postgres", owner: user)
    }

    /// Lays out the data folder: `initdb`, with passwords asked of everybody.
    func initialise() async throws(PrivateServerError) {
        let passwordFile = folder + "/password"
        try Folder.write(password + "\n", to: passwordFile, owner: user)
        let log = folder + "/initdb-log"
        var plan = plan(
            "initdb",
            [
                "--pgdata=\(data)", "--username=\(PostgresServer.user)", "--auth=scram-sha-256",
                "--pwfile=\(passwordFile)", "--encoding=UTF8", "--locale=C", "--no-sync",
            ]
        )
        plan.output = .file(log)
        let status: ChildExit?
        do {
            let child = try ChildProcess.launch(plan)
            status = await child.waitForExit(timeout: ServerProcess.startLimit)
            if status == nil { await child.stop(patience: .seconds(2)) }
        } catch {
            throw .process(error)
        }
        // Left for the folder's end when it cannot be removed: it is its owner's alone.
        try? FileManager.default.removeItem(atPath: passwordFile)
        guard status?.isSuccess == true else {
            throw .ended(server: "initdb", log: ServerProcess.tail(of: log))
        }
    }

    /// Makes a stopped server wait, from its next start on, for a primary that there is not.
    func makeStandby() throws(PrivateServerError) {
        try Folder.write("", to: data + "/standby.signal", owner: user)
    }

    /// One of PostgreSQL's programs, as the right user.
    func plan(_ program: String, _ arguments: [String]) -> ChildProcess.Plan {
        var command = ["\(programs)/\(program)"] + arguments
        if let user {
            command =
                ["setpriv", "--reuid=\(user.userID)", "--regid=\(user.groupID)", "--clear-groups"]
                + ["--"] + command
        }
        return ChildProcess.Plan(
            command[0],
            Array(command.dropFirst()),
            environment: ServerEnvironment.variables,
            workingFolder: folder,
            output: .discard,
            hasOwnGroup: true
        )
    }

    /// Whether the server process says so in its postmaster.pid.
    ///
    /// Line 1 is its number, line 8 its state. Asking the port could reach somebody else's server.
    func isReady(pid: Int32) -> Bool {
        // There is no such file until the server is half way.
        guard
            let text = try? String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8)
        else { return false }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.count >= 8 && lines[0] == "\(pid)" && lines[7].hasPrefix("ready")
    }

    /// Debian and Ubuntu keep each version's programs off the PATH; the newest is taken.
    private static func findPrograms() throws(PrivateServerError) -> String {
        let manager = FileManager.default
        let root = "/usr/lib/postgresql"
        // No such folder: another distribution, so the PATH counts.
        let versions = (try? manager.contentsOfDirectory(atPath: root)) ?? []
        let newestFirst = versions.compactMap { Int($0) }.sorted(by: >)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin"
        let candidates =
            newestFirst.map { "\(root)/\($0)/bin" } + path.split(separator: ":").map(String.init)
        let programs = candidates.first { folder in
            ["initdb", "postgres"].allSatisfy { name in
                manager.isExecutableFile(atPath: "\(folder)/\(name)")
            }
        }
        guard let programs else {
            throw .notInstalled(server: "PostgreSQL", package: "postgresql")
        }
        return programs
    }

    private static func findUser() throws(PrivateServerError) -> SystemUser? {
        guard ProcessIdentity.isRoot else { return nil }
        guard let user = SystemUser(named: "postgres") ?? SystemUser(named: "nobody") else {
            throw .notInstalled(server: "an unprivileged user to run", package: "postgresql")
        }
        return user
    }
}
