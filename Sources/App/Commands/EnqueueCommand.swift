internal import JSON
internal import Publishing

extension Command {
    static let enqueue = Command(
        name: "enqueue",
        synopsis: "[FILE | -] [--queue Q] [--wait] [--json]",
        summary: "checks job documents and pushes them",
        help: """
            Reads one job document, or one a line, from FILE or standard input, checks each as the
            worker would, and pushes them only when all are in order.

            --queue Q   the list to push to; the first of QUEUES unless given
            --wait      shows progress until every job has ended; exit 0 only when all were
                        published or delivered
            """,
        flags: ["--wait", "--json"],
        options: ["--queue"],
        words: 0...1,
        run: { arguments, console in
            let settings = try Environment.settings(arguments, console)
            let documents = try JobDocuments.read(arguments.words.first ?? "-")
            let jobs = try check(documents, console)
            let queue = arguments["--queue"] ?? settings.queues.first?.name ?? "tiktok"
            let assembly = Assembly(settings)
            defer { assembly.stop() }
            for document in documents {
                _ = try await assembly.queue.push(document, onto: queue)
            }
            if arguments.has("--json") {
                for job in jobs { console.json(["id": .string(job.id), "queue": .string(queue)]) }
            } else {
                for job in jobs { console.out("queued \(job.id) on \(queue.printable)") }
            }
            guard arguments.has("--wait") else { return .done }
            let ends = try await Progress(
                reader: HistoryReader(database: assembly.database),
                console: console
            ).wait(for: jobs.map(\.id))
            return ends.allSatisfy(\.status.isSuccess) ? .done : .failed
        }
    )

    /// Every document's broken rules, with the line they are on, before anything is pushed.
    private static func check(_ documents: [[UInt8]], _ console: Console) throws -> [PublishJob] {
        var jobs: [PublishJob] = []
        var broken = 0
        for (index, document) in documents.enumerated() {
            do throws(BrokenDocument) {
                jobs.append(try PublishJob(document: document))
            } catch {
                broken += 1
                let place = documents.count > 1 ? "document \(index + 1): " : ""
                for rule in error.rules { console.err("\(place)\(rule)") }
            }
        }
        guard broken == 0, !jobs.isEmpty else {
            throw CommandFailure(
                jobs.isEmpty && broken == 0 ? JobDocuments.none : "nothing was pushed"
            )
        }
        return jobs
    }
}
