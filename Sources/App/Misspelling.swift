/// Pure: finds variables that look like a setting and are none.
enum Misspelling {
    /// The beginnings that settings share with nobody else's variables.
    private static let prefixes = [
        "REDIS_", "DATABASE_", "QUEUE", "CONCURRENC", "WORKER_", "LEASE_", "MAX_ATTEMPT", "RETRY_",
        "SHUTDOWN_", "TIKTOK_", "CRYPTOGRAPHY_", "MEDIA_", "CHUNK_", "UPLOAD_", "DAILY_", "INIT_",
        "CREATOR_", "STATUS_", "ACCOUNT_", "HTTP_", "WEBHOOK_", "CELERY_", "LOG_", "OTEL_",
    ]

    /// - Returns: each suspicious name with the setting that was probably meant.
    static func find(in names: some Sequence<String>) -> [(name: String, meant: String)] {
        let settings = Setting.all.map(\.name)
        let known = Set(settings + Setting.all.filter(\.isSecret).map { $0.name + "_FILE" })
        return names.filter { name in
            !known.contains(name) && name.utf8.count <= 64
                && prefixes.contains { name.uppercased().hasPrefix($0) }
        }.sorted().compactMap { name in
            let near = known.sorted().map { ($0, distance(name.uppercased(), $0)) }
                .min { $0.1 < $1.1 }
            guard let near, near.1 <= 2 else { return nil }
            return (name, near.0)
        }
    }

    /// How many letters must be added, dropped or changed.
    private static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(diagonal + (a == b ? 0 : 1), above + 1, row[j] + 1)
                diagonal = above
            }
        }
        return row[right.count]
    }
}
