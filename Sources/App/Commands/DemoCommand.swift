internal import Processes

extension Command {
    static let demo = Command(
        name: "demo",
        synopsis: "[--clip FILE] [--keep]",
        summary: "the whole thing on private, throw-away servers",
        help: """
            Starts a private Redis, PostgreSQL and stand-in for TikTok on free loopback ports in a
            temporary folder, and a worker; pushes three jobs (a short video, one of about 52 MB,
            and one that TikTok refuses), and shows what became of them. Exit 0 only if both videos
            were published with every byte and the refusal says who can mend it.

            --clip FILE   the short video, an MP4; deploy/clip.mp4 unless given
            --keep        leaves everything running and prints the settings to try commands against,
                          until Ctrl-C
            """,
        flags: ["--keep"],
        options: ["--clip"],
        run: { arguments, console in
            let demo = Task {
                try await Demo(
                    clip: arguments["--clip"] ?? "deploy/clip.mp4",
                    isKept: arguments.has("--keep"),
                    console: console
                ).run()
            }
            let signals = Task {
                for await _ in Signals.listen(to: [.interrupt, .terminate]) { demo.cancel() }
            }
            defer { signals.cancel() }
            return try await demo.value
        }
    )
}
