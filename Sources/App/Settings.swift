internal import Crypto
internal import Files
internal import HTTP
internal import Postgres
internal import Processes
internal import Publishing
internal import Redis
internal import Telemetry
internal import TikTok

/// Every setting, checked: holds only values the program can work with.
struct Settings: Sendable {
    let redis: RedisAddress
    let keys: QueueKeys
    let database: PostgresAddress
    let schema: String
    let queues: [QueueChoice]
    let concurrency: Int
    let workerName: String
    let lease: Duration
    let maxAttempts: Int
    let retries: RetryPolicy
    let grace: Duration
    let api: APIAddress
    let uploadHosts: UploadHosts
    let fernet: Fernet
    /// Makes the short names by which the log calls accounts: the oldest key, so that they stay the
    /// same when a new one is put in front.
    let tagKey: SecretText
    /// `nil`: no new tokens can be had.
    let client: ClientCredentials?
    let redirect: RedirectAddress?
    /// `nil`: off.
    let webhooks: WebhookSettings?
    let mediaRoot: MediaDirectory?
    let mediaHosts: AllowedHosts
    let mediaURLPrefix: MediaURLPrefix?
    let chunkBytes: Int
    let uploadMemoryBytes: Int
    let limits: Admission.Limits
    let statusDeadline: Duration
    let celery: CelerySettings
    let logLevel: LogLevel
    let logFormat: LogFormat
    /// Values that must appear in no log line.
    let secrets: [String]

    /// What is wrong, all of it at once.
    struct Problems: Error {
        let all: [SettingReader.Problem]
    }

    // tidy: long function, because it is one flat list in the order of the interface.
    init(_ values: [String: String]) throws(Problems) {
        var reader = SettingReader(values)
        let redis = reader.value(.redisURL) { text throws(RedisAddressError) in
            try RedisAddress(text)
        }
        let prefix = reader.keyPrefix()
        _ = reader.required(
            .databaseURL,
            "for example postgresql://user@127.0.0.1:5432/publisher"
        )
        let database = reader.database()
        let schema = reader.schema()
        let queues = reader.queues()
        concurrency = reader.whole(.concurrency, 1...10_000)
        workerName = reader.workerName()
        lease = reader.seconds(.leaseSeconds, 3...300)
        maxAttempts = reader.whole(.maxAttempts, 1...50)
        retries = RetryPolicy(
            base: reader.seconds(.retryBaseSeconds, 1...600),
            ceiling: reader.seconds(.retryMaxSeconds, 1...86400)
        )
        grace = reader.seconds(.shutdownGraceSeconds, 1...3600)
        let api = reader.value(.apiURL) { text throws(APIAddressError) in try APIAddress(text) }
        let uploadHosts = reader.uploadHosts()
        let keys = reader.fernetKeys()
        tagKey = SecretText(reader.list(.cryptographyKey).last ?? "")
        let client = reader.client()
        self.client = client
        webhooks = reader.webhooks(client)
        redirect = reader.value(.redirectURI) { text throws(RedirectAddressError) in
            try RedirectAddress(text)
        }
        mediaRoot = reader.mediaRoot()
        let mediaHosts = reader.mediaHosts()
        mediaURLPrefix = reader.value(.mediaURLPrefix) { text throws(URLRefusal) in
            try MediaURLPrefix(text, allowed: mediaHosts)
        }
        self.mediaHosts = mediaHosts
        uploadMemoryBytes = reader.whole(.uploadMemoryBytes, 16_777_216...1_099_511_627_776)
        chunkBytes = reader.whole(
            .chunkBytes,
            Int(UploadLimits.chunkBytesMin)...Int(UploadLimits.plannedChunkBytesMax)
        )
        limits = Admission.Limits(
            concurrency: reader.whole(.accountConcurrency, 1...100),
            dailyPosts: reader.whole(.dailyPostLimit, 0...100_000),
            dailyDrafts: reader.whole(.dailyDraftLimit, 0...100_000),
            activeAccounts: reader.whole(.dailyAccountLimit, 0...10_000_000),
            perMinute: Admission.CallsPerMinute(
                creatorInfo: reader.whole(.creatorInfoPerMinute, 1...100_000),
                inits: reader.whole(.initPerMinute, 1...100_000),
                status: reader.whole(.statusPerMinute, 1...100_000)
            )
        )
        statusDeadline = reader.seconds(.statusDeadlineSeconds, 60...604_800)
        celery = CelerySettings(&reader)
        logLevel = reader.word(.logLevel, as: LogLevel.self) ?? .info
        let usualFormat: LogFormat = Terminal.isTerminal(2) ? .text : .json
        logFormat =
            reader.isSet(.logFormat)
            ? reader.word(.logFormat, as: LogFormat.self) ?? .json : usualFormat
        reader.checkSettingsOfLaterParts()
        secrets = Setting.all.filter(\.isSecret).compactMap { reader.text($0) }

        guard reader.problems.isEmpty, let redis, let database, let api, let uploadHosts,
            let keys, let fernet = try? Fernet(keys: keys)  // empty lists were refused above
        else { throw Problems(all: reader.problems) }
        self.redis = redis
        self.keys = QueueKeys(prefix: prefix)
        self.database = database
        self.schema = schema
        self.queues = queues
        self.api = api
        self.uploadHosts = uploadHosts
        self.fernet = fernet
    }
}

extension Settings {
    /// How the log calls accounts.
    var tagger: AccountTagger {
        AccountTagger { [tagKey] message in HMACSHA256.sign(key: tagKey, message: message) }
    }
}

// MARK: Settings with rules of their own

extension SettingReader {
    fileprivate mutating func keyPrefix() -> String {
        let prefix = text(.redisKeyPrefix) ?? ""
        let isPlain = prefix.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        if prefix.utf8.count > 64 || !isPlain {
            refuse(.redisKeyPrefix, "must be at most 64 visible ASCII characters")
        }
        return prefix
    }

    fileprivate mutating func database() -> PostgresAddress? {
        value(.databaseURL) { text throws(PostgresAddressError) in try PostgresAddress(text) }
    }

    fileprivate mutating func schema() -> String {
        let schema = text(.databaseSchema) ?? ""
        if schema.utf8.count > 63 || schema.unicodeScalars.contains("\0") {
            refuse(.databaseSchema, "must have at most 63 bytes")
        }
        return schema
    }

    /// Names in order, or all with weights `name*3`.
    fileprivate mutating func queues() -> [QueueChoice] {
        let choices = list(.queues).map { item -> QueueChoice in
            let parts = item.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
            let weight = parts.count == 2 ? Int(parts[1]) ?? 0 : nil
            return QueueChoice(name: String(parts[0]), weight: weight)
        }
        let names = Set(choices.map(\.name))
        let isWeighted = choices.contains { $0.weight != nil }
        if choices.isEmpty || choices.count > 64 || names.count != choices.count
            || names.contains("") || names.contains(where: { $0.utf8.count > 128 })
        {
            refuse(.queues, "must be 1–64 different list names, separated by commas")
        } else if isWeighted, !choices.allSatisfy({ (1...1000).contains($0.weight ?? 0) }) {
            refuse(.queues, "must give every list a weight from 1 to 1000, as in high*3,low*1")
        }
        return choices
    }

    /// Host, process id and a random part, unless one is set.
    fileprivate mutating func workerName() -> String {
        if let name = text(.workerName) {
            let isPlain = name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            if !isPlain || name.utf8.count > 128 {
                refuse(.workerName, "must be 1–128 visible ASCII characters")
            }
            return name
        }
        let random = String(UInt32.random(in: 0...UInt32.max), radix: 36)
        return "\(Hostname.current)-\(ProcessIdentity.pid)-\(random)"
    }

    fileprivate mutating func mediaHosts() -> AllowedHosts {
        do {
            return try AllowedHosts(list(.mediaHosts))
        } catch {
            refuse(.mediaHosts, error.description)
            return .anyPublic
        }
    }

    fileprivate mutating func uploadHosts() -> UploadHosts? {
        let patterns = list(.uploadHosts)
        do {
            return try UploadHosts(patterns)
        } catch {
            refuse(.uploadHosts, error.description)
            return nil
        }
    }

    fileprivate mutating func fernetKeys() -> [FernetKey]? {
        let hint = "make one with `tiktok-publisher keys new`"
        guard let text = required(.cryptographyKey, hint) else { return nil }
        let parts = text.split(separator: ",")
        guard !parts.isEmpty else {
            refuse(.cryptographyKey, "holds no key; \(hint)")
            return nil
        }
        var keys: [FernetKey] = []
        for (index, part) in parts.enumerated() {
            do {
                keys.append(try FernetKey(String(part)))
            } catch {
                refuse(
                    .cryptographyKey,
                    "key \(index + 1) must be 32 bytes in base64url, 44 characters; \(hint)"
                )
            }
        }
        return keys.isEmpty ? nil : keys
    }

    /// `nil` unless both are set; `accounts check` and `doctor` say what that costs.
    fileprivate mutating func client() -> ClientCredentials? {
        var words: [String] = []
        for setting in [Setting.clientKey, .clientSecret] {
            guard let text = text(setting) else { continue }
            if ClientSecret(text) == nil {
                refuse(setting, "must be at most 4096 visible ASCII characters")
            }
            words.append(text)
        }
        guard words.count == 2, let secret = ClientSecret(words[1]) else { return nil }
        return ClientCredentials(key: words[0], secret: secret)
    }

    fileprivate mutating func mediaRoot() -> MediaDirectory? {
        value(.mediaRoot) { text throws(FileError) in try MediaDirectory(path: text) }
    }

    /// Settings of parts that are not in this version: checked, so that a bad one is found before
    /// the part arrives.
    fileprivate mutating func checkSettingsOfLaterParts() {
        if let address = text(.httpAddress), Self.port(of: address) == nil {
            refuse(.httpAddress, "must be host:port, as in 127.0.0.1:9090")
        }
    }

    private static func port(of address: String) -> UInt16? {
        guard let colon = address.lastIndex(of: ":"), colon != address.startIndex else {
            return nil
        }
        return UInt16(address[address.index(after: colon)...])
    }
}
