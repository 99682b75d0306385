internal import JSON
internal import Publishing

extension Command {
    static let resume = Command(
        name: "resume",
        synopsis: "(--queue Q | --account A) [--json]",
        summary: "ends a pause",
        help: """
            --queue Q     its jobs are claimed again; an idle worker notices within 10 seconds
            --account A   its posts go on at once. Also lifts what TikTok's answers keep the account
                          waiting for: a daily limit TikTok named, spam risk, a token that was
                          refused. If that still stands, TikTok's next answer brings it back

            Exit 1 when there was nothing to end.
            """,
        flags: ["--json"],
        options: ["--queue", "--account"],
        run: { arguments, console in
            let subject = try PauseSubject.read(arguments)
            let assembly = Assembly(try Environment.settings(arguments, console))
            defer { assembly.stop() }
            guard try await assembly.queue.resume(subject) else {
                await PauseSubject.warn(of: subject, assembly, console)
                throw CommandFailure("\(PauseSubject.text(subject)) is not paused")
            }
            if arguments.has("--json") {
                console.json(.object(PauseSubject.json(subject)))
            } else {
                console.out("\(PauseSubject.text(subject)) goes on")
            }
            return .done
        }
    )
}
