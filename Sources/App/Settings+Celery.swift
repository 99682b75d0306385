internal import Publishing
internal import Redis

/// What this program is to Celery's clients and tools.
struct CelerySettings: Sendable {
    /// Names of the tasks that publish.
    let tasks: Set<String>
    /// `nil`: where the queue is.
    let results: RedisAddress?
    let resultLifetime: Duration
    /// Whether events of tasks are sent until somebody says otherwise.
    let sendsEvents: Bool
    /// Whether a task's result says `STARTED` when it begins.
    let tracksStarted: Bool
    /// Where what follows a task goes.
    let routes: TaskRoutes

    private enum Switch: String, CaseIterable {
        case on, off
    }

    init(_ reader: inout SettingReader) {
        tasks = Set(reader.list(.celeryTasks))
        results = reader.value(.celeryResultURL) { text throws(RedisAddressError) in
            try RedisAddress(text)
        }
        resultLifetime = reader.seconds(.celeryResultExpires, 1...31_536_000)
        sendsEvents = reader.word(.celeryEvents, as: Switch.self) != .off
        tracksStarted = reader.word(.celeryTrackStarted, as: Switch.self) == .on
        routes = TaskRoutes(usual: reader.defaultQueue(), routes: reader.routes())
    }
}

extension SettingReader {
    /// Longest name of a queue, and of a task, in bytes.
    private static let nameBytesMax = 128
    private static let routesMax = 200

    fileprivate mutating func defaultQueue() -> String {
        let name = text(.celeryDefaultQueue) ?? ""
        guard !Self.isName(name) else { return name }
        refuse(.celeryDefaultQueue, "must be a list name of 1–\(Self.nameBytesMax) bytes")
        return Setting.celeryDefaultQueue.fallback
    }

    fileprivate mutating func routes() -> [TaskRoutes.Route] {
        let entries = list(.celeryRoutes)
        guard entries.count <= Self.routesMax else {
            refuse(.celeryRoutes, "must have at most \(Self.routesMax) entries")
            return []
        }
        return entries.compactMap { entry in
            let parts = entry.split(separator: "=", omittingEmptySubsequences: false).map {
                $0.split(separator: " ").joined(separator: " ")
            }
            guard parts.count == 2, parts.allSatisfy(Self.isName) else {
                refuse(
                    .celeryRoutes,
                    "must be a task's name or a pattern with * and ?, =, and a queue, each of "
                        + "1–\(Self.nameBytesMax) bytes, as in mail.*=mail; '\(entry.prefix(60))' "
                        + "is not"
                )
                return nil
            }
            return TaskRoutes.Route(pattern: parts[0], queue: parts[1])
        }
    }

    private static func isName(_ text: String) -> Bool {
        (1...nameBytesMax).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
    }
}
