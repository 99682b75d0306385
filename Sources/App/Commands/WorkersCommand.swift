internal import JSON
internal import Publishing

extension Command {
    static let workers = Command(
        name: "workers",
        synopsis: "[--json]",
        summary: "shows the live workers and what each is doing",
        help: """
            One line for each worker, then one for each job it has in hand: its step, and since when
            the worker has it. A worker that has shown no sign of life for longer than
            LEASE_SECONDS is `silent`: its jobs go to others. A minute later it is forgotten.
            """,
        flags: ["--json"],
        run: { arguments, console in
            let settings = try Environment.settings(arguments, console)
            let assembly = Assembly(settings)
            defer { assembly.stop() }
            let presences = try await assembly.queue.presences()
            if arguments.has("--json") {
                for presence in presences {
                    console.json(WorkersText.json(presence, lease: settings.lease))
                }
            } else if presences.isEmpty {
                console.out("no worker is running; start one with `tiktok-publisher work`")
            } else {
                console.out(WorkersText.table(presences, lease: settings.lease))
            }
            return .done
        }
    )
}

/// Pure: workers as people and programs read them.
enum WorkersText {
    static func table(_ presences: [Presence], lease: Duration) -> String {
        var workers = Table(["WORKER", "STATE", "LAST SIGN", "IN HAND", "SERVES", "SINCE"])
        var work = Table(["WORKER", "JOB", "STEP", "SINCE"])
        for presence in presences {
            workers.add([
                presence.worker, state(presence, lease: lease),
                "\(TimeSpan.text(presence.silence)) ago", "\(presence.inHand)",
                presence.queues.joined(separator: ","), presence.state?["since"]?.string ?? "",
            ])
            for one in presence.work {
                work.add([presence.worker, one.job ?? "(unread)", one.step, one.since])
            }
            let hidden = presence.inHand - presence.work.count
            if hidden > 0 { work.add([presence.worker, "and \(hidden) more"]) }
        }
        let isBusy = presences.contains { $0.inHand > 0 }
        return workers.text + (isBusy ? "\n\n" + work.text : "")
    }

    static func json(_ presence: Presence, lease: Duration) -> JSONValue {
        var members = presence.state?.object ?? [:]
        members["worker"] = .string(presence.worker)
        members["state"] = .string(state(presence, lease: lease))
        members["silent_for_seconds"] = .double(presence.silence.seconds)
        return .object(members)
    }

    private static func state(_ presence: Presence, lease: Duration) -> String {
        presence.silence > lease ? "silent" : presence.state?["state"]?.string ?? "unknown"
    }
}
