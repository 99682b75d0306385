internal import Processes

/// How to run the program `redis-server`, which is a Redis or a sentinel.
enum RedisRecipe {
    /// Writes the configuration into `folder` and says how to run the program with it.
    ///
    /// - Parameters:
    ///   - name: for messages.
    ///   - arguments: beside the path of the configuration.
    ///   - port: of 127.0.0.1.
    ///   - folder: the program's own, for all its files.
    ///   - lines: of the configuration, beside the port and the folder.
    ///   - greeting: commands, with the answers of a server that is ready.
    static func write(
        _ name: String,
        arguments: [String] = [],
        port: UInt16,
        folder: String,
        lines: [String],
        greeting: KeyValuePairs<String, String>
    ) throws(PrivateServerError) -> ServerRecipe {
        let place = ["bind 127.0.0.1", "port \(port)", "dir \"\(folder)\""]
        try Folder.write(text(of: place + lines), to: configuration(in: folder))
        let questions = Array(greeting.map { $0.key + "\r\n" }.joined().utf8)
        let answers = Array(greeting.map { $0.value + "\r\n" }.joined().utf8)
        return ServerRecipe(
            name: name,
            plan: .init(
                "redis-server",
                [configuration(in: folder)] + arguments,
                environment: ServerEnvironment.variables,
                workingFolder: folder,
                hasOwnGroup: true
            ),
            folder: folder,
            stopSignal: .terminate,
            isReady: { _ in
                await Loopback.ask(port: port, questions, answerBytes: answers.count) == answers
            }
        )
    }

    /// The file, which the program may rewrite.
    static func configuration(in folder: String) -> String { folder + "/redis.conf" }

    static func text(of lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }
}
