/// Things that have one place.
enum PlaceRules {
    /// Which folders may import which C library.
    private static let libraries: [String: [String]] = [
        "CHiredis": ["Sources/Clients/Redis/", "Tests/ClientTests/Redis"],
        "CPostgres": ["Sources/Clients/Postgres/"],
        "CCurl": ["Sources/Clients/HTTP/"],
        "CCrypto": ["Sources/Clients/Crypto/"],
        "CLinux": ["EventLoop", "Files", "Processes", "HTTP", "Redis"].map {
            "Sources/Clients/\($0)/"
        },
        "Glibc": ["Sources/Clients/", "Tests/"],
    ]

    static func imports(_ file: SourceFile) -> [Violation] {
        guard file.isSwift else { return [] }
        return file.swift.code.enumerated().compactMap { index, line in
            guard line.contains("import "), let module = module(importedBy: line) else {
                return nil
            }
            let message: String
            if module == "Foundation", file.isUnder("Sources/") {
                message = "imports Foundation; FoundationEssentials is enough"
            } else if let folders = libraries[module],
                !folders.contains(where: { file.isUnder($0) })
            {
                message = "\(module) may be imported only under \(folders.joined(separator: ", "))"
            } else {
                return nil
            }
            return Violation(path: file.path, line: index + 1, message: message)
        }
    }

    private static func module(importedBy line: String) -> String? {
        let kinds = /(?:struct|class|enum|protocol|func|var|let|typealias)\s+/
        let pattern = /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:[a-z]+\s+)?import\s+/
        guard let prefix = line.prefixMatch(of: pattern) else { return nil }
        var rest = line[prefix.range.upperBound...]
        if let kind = rest.prefixMatch(of: kinds) { rest = rest[kind.range.upperBound...] }
        return String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }

    /// Redis keys are spelt in one file, and in the scripts that are given them.
    static func redisKeys(_ file: SourceFile) -> [Violation] {
        let home = "Sources/Publishing/Queue/QueueKeys.swift"
        guard file.isUnder("Sources/"), file.isSwift, file.path != home else { return [] }
        return literals(of: file, message: "spells a Redis key; only \(home) does") {
            $0.firstRange(of: "{tiktok}")
        }
    }

    /// Every setting of the program; its secrets may also come from NAME_FILE.
    static let settings: Set<String> = [
        "REDIS_URL", "REDIS_KEY_PREFIX", "DATABASE_URL", "DATABASE_SCHEMA", "QUEUES",
        "CONCURRENCY", "WORKER_NAME", "LEASE_SECONDS", "MAX_ATTEMPTS", "RETRY_BASE_SECONDS",
        "RETRY_MAX_SECONDS", "SHUTDOWN_GRACE_SECONDS", "TIKTOK_CLIENT_KEY",
        "TIKTOK_CLIENT_SECRET", "TIKTOK_REDIRECT_URI", "TIKTOK_API_URL", "TIKTOK_UPLOAD_HOSTS",
        "CRYPTOGRAPHY_KEY", "MEDIA_ROOT", "MEDIA_URL_PREFIX", "MEDIA_HOSTS", "CHUNK_BYTES",
        "UPLOAD_MEMORY_BYTES", "DAILY_POST_LIMIT", "DAILY_DRAFT_LIMIT", "DAILY_ACCOUNT_LIMIT",
        "INIT_PER_MINUTE", "CREATOR_INFO_PER_MINUTE", "STATUS_PER_MINUTE", "ACCOUNT_CONCURRENCY",
        "STATUS_DEADLINE_SECONDS", "HTTP_ADDRESS", "HTTP_TOKEN", "WEBHOOK_ADDRESS",
        "CELERY_TASKS", "CELERY_RESULT_URL", "CELERY_RESULT_EXPIRES_SECONDS", "CELERY_EVENTS",
        "CELERY_TRACK_STARTED", "CELERY_DEFAULT_QUEUE", "CELERY_ROUTES", "LOG_LEVEL", "LOG_FORMAT",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ]

    /// Settings are read in one place; the demo gives them to the worker it starts.
    static func settingNames(_ file: SourceFile) -> [Violation] {
        guard file.isUnder("Sources/"), file.isSwift,
            !file.isUnder("Sources/App/Settings", "Sources/App/Demo/", "Sources/App/Commands/Demo")
        else { return [] }
        return literals(of: file, message: "names a setting; only Sources/App/Settings* does") {
            let name = $0.hasSuffix("_FILE") ? String($0.dropLast(5)) : $0
            return settings.contains(name) ? $0.startIndex..<$0.endIndex : nil
        }
    }

    static func sql(_ file: SourceFile) -> [Violation] {
        let homes = [
            "Sources/Publishing/History/", "Sources/Publishing/Accounts/",
            "Sources/Clients/Postgres/",
        ]
        guard file.isUnder("Sources/"), file.isSwift, !homes.contains(where: { file.isUnder($0) })
        else { return [] }
        return literals(of: file, message: "holds SQL; that belongs to History or Accounts") {
            let statements =
                #/\bSELECT\s+\S|\bINSERT\s+INTO\b|\bDELETE\s+FROM\b|\bUPDATE\s+\S+\s+SET\b/#
            let definitions = #/\b(?:CREATE|ALTER|DROP)\s+(?:TABLE|SCHEMA|INDEX|VIEW)\b/#
            return $0.firstMatch(of: statements)?.range ?? $0.firstMatch(of: definitions)?.range
        }
    }

    /// A file outside every target's folder would not be compiled, and nobody would notice.
    static func targets(_ paths: [String], package: String) -> [Violation] {
        let clients = package.matches(of: /\bclient\("(\w+)"/).map { "Sources/Clients/\($0.1)/" }
        let libraries = package.matches(of: /\blibrary\("(\w+)"/).map {
            "Sources/CLibraries/\($0.1)/"
        }
        let others = package.matches(of: /arget\(\s*name: "(\w+)"/).map { "Sources/\($0.1)/" }
        let folders = clients + libraries + others
        return paths.filter { path in
            path.hasPrefix("Sources/") && !folders.contains { path.hasPrefix($0) }
        }.map { Violation(path: $0, line: 1, message: "belongs to no target of Package.swift") }
    }

    private static func literals(
        of file: SourceFile,
        message: String,
        finding: (String) -> Range<String.Index>?
    ) -> [Violation] {
        file.swift.literals.compactMap { literal in
            guard let range = finding(literal.text) else { return nil }
            let linesBefore = literal.text[..<range.lowerBound].count { $0 == "\n" }
            return Violation(
                path: file.path,
                line: literal.line + linesBefore,
                message: message
            )
        }
    }
}
