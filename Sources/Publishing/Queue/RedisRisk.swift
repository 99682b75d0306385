/// Pure: what in a Redis server's settings puts jobs at risk, and what to do about it.
package struct RedisRisk: Sendable, Equatable {
    package enum Subject: String, Sendable, CaseIterable {
        case version = "redis"
        case persistence = "redis aof"
        case memory = "redis memory"
    }

    package let subject: Subject
    /// Whether the program cannot work with it at all.
    package let isFatal: Bool
    package let words: String
    package let remedy: String

    /// Redis is called nearly full from this share of `maxmemory` on.
    private static let fullShare = 0.8

    /// - Parameter info: the answer of `INFO`.
    package static func find(in info: RedisInfo) -> [RedisRisk] {
        [version(info), persistence(info), eviction(info), memory(info)].compactMap { $0 }
    }

    private static func version(_ info: RedisInfo) -> RedisRisk? {
        let version = info["redis_version"] ?? "unknown"
        guard Int(version.prefix { $0 != "." }) ?? 0 < 7 else { return nil }
        return RedisRisk(
            subject: .version,
            isFatal: true,
            words: "version \(version): the scripts need 7.0 or newer",
            remedy: "install Redis 7.0 or newer"
        )
    }

    private static func persistence(_ info: RedisInfo) -> RedisRisk? {
        guard info["aof_enabled"] != "1" else { return nil }
        return RedisRisk(
            subject: .persistence,
            isFatal: false,
            words: "append-only file is off: jobs are lost when Redis restarts",
            remedy: "set appendonly yes"
        )
    }

    private static func eviction(_ info: RedisInfo) -> RedisRisk? {
        let policy = info["maxmemory_policy"] ?? "unknown"
        guard policy != "noeviction" else { return nil }
        return RedisRisk(
            subject: .memory,
            isFatal: false,
            words: "\(policy): a full Redis drops jobs",
            remedy: "set maxmemory-policy noeviction"
        )
    }

    private static func memory(_ info: RedisInfo) -> RedisRisk? {
        guard let used = info["used_memory"].flatMap(Double.init),
            let most = info["maxmemory"].flatMap(Double.init), most > 0, used > most * fullShare
        else { return nil }
        let words = "\(info["used_memory_human"] ?? "?") of \(info["maxmemory_human"] ?? "?")"
        return RedisRisk(
            subject: .memory,
            isFatal: false,
            words: "nearly full, \(words): upstream apps cannot push when it is full",
            remedy: "raise maxmemory, or look for what fills it with `queues`"
        )
    }
}

/// Pure: the answer of `INFO`.
package struct RedisInfo: Sendable {
    private let values: [Substring: Substring]

    package init(_ text: String) {
        var values: [Substring: Substring] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            values[line[..<colon]] = line[line.index(after: colon)...]
        }
        self.values = values
    }

    package subscript(key: String) -> String? {
        values[Substring(key)].map(String.init)
    }
}
