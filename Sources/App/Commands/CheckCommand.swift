internal import Publishing

extension Command {
    static let check = Command(
        name: "check",
        synopsis: "(FILE | -) [--json]",
        summary: "says what would become of job documents, and posts nothing",
        help: """
            Reads one job document or Celery message, or one a line, from FILE or standard input,
            and takes every step of a worker up to the call that would open the post, which it
            shows and does not make. Of TikTok it asks the creator's settings at most, and a new
            token where the old one has ended or soon will.

            For each document: its broken rules; whether its id is taken; the account, its scope
            for this post and its token; each file with what its headers say; what the creator
            allows; the limits that it counts against; the chunks; the call. What speaks against
            the post is said with who can mend it, and how. Each document is looked at as if it
            were pushed alone; only an id that an earlier one has is taken.

            Exit 0 when every document would be posted, now or after a wait that is named; 1 when
            one would not.
            """,
        flags: ["--json"],
        words: 1...1,
        run: { arguments, console in
            let settings = try Environment.settings(arguments, console)
            let documents = try JobDocuments.read(arguments.words[0])
            guard !documents.isEmpty else { throw CommandFailure(JobDocuments.none) }
            let assembly = Assembly(settings)
            defer { assembly.stop() }
            // Nobody else waits for this room.
            let media = assembly.makeMedia(patience: .seconds(300))
            let dryRun = assembly.makeDryRun(media)
            var isFine = true
            var ids: Set<String> = []
            for (index, document) in documents.enumerated() {
                let text = CheckText(
                    report: try await dryRun.examine(document, after: ids),
                    number: index + 1,
                    slots: settings.limits.concurrency
                )
                if arguments.has("--json") {
                    console.json(text.json)
                } else {
                    console.out(text.text)
                }
                isFine = isFine && text.isFine
                if let id = text.report.job?.id { ids.insert(id) }
            }
            // A refresh under way must not end with this process: its old token may be dead.
            await assembly.accounts.settle(atMost: .seconds(5))
            return isFine ? .done : .failed
        }
    )
}
