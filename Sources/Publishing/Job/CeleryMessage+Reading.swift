internal import FoundationEssentials
internal import JSON

/// Reads messages; whatever is not understood is refused, never guessed.
extension CeleryMessage {
    /// Whether an element of a list is a message and no job document.
    static func isMessage(_ members: [String: JSONValue]) -> Bool {
        members["body"] != nil && (members["headers"] != nil || members["properties"] != nil)
    }

    /// Reads a message whose envelope is JSON already.
    static func read(
        _ envelope: [String: JSONValue]
    ) throws(BrokenMessage) -> CeleryMessage {
        let headers = envelope["headers"]?.object ?? [:]
        let properties = envelope["properties"]?.object ?? [:]
        var known = try named(headers, properties)
        if let known, let trouble = unfit(known.id) { throw broken(nil, trouble) }
        do throws(Trouble) {
            try known?.take(headers)
            let body = try CeleryBody.open(envelope, headers, properties)
            var message = if let known { known } else { try named(inBody: body, properties) }
            // Also when it is refused half read, what is known of it is told.
            defer { known = message }
            message.delivery = Delivery(headers, properties)
            if case .object(let call) = body {
                try message.take(protocolOne: call)
            } else {
                try message.take(protocolTwo: body)
            }
            return message
        } catch {
            throw broken(known ?? waiting(properties), error)
        }
    }

    /// Of an unreadable message of protocol 1 only this says who waits for it.
    private static func waiting(_ properties: [String: JSONValue]) -> CeleryMessage? {
        guard let id = properties["correlation_id"]?.string, unfit(id) == nil else { return nil }
        return CeleryMessage(task: "", id: id)
    }

    /// A message whose body is not looked at.
    ///
    /// - Parameters:
    ///   - envelope: without its body.
    ///   - bytes: its length with it.
    static func tooLong(_ envelope: [String: JSONValue], bytes: Int) -> BrokenMessage {
        let headers = envelope["headers"]?.object ?? [:]
        let properties = envelope["properties"]?.object ?? [:]
        // Headers that are wrong as well are no reason not to tell the caller.
        var known = (try? named(headers, properties)).flatMap { unfit($0.id) == nil ? $0 : nil }
        try? known?.take(headers)
        let most = PublishJob.documentBytesMax
        return broken(
            known ?? waiting(properties),
            Trouble("", got: "\(bytes) bytes", "must have at most \(most) bytes")
        )
    }

    /// What is wrong with a message.
    struct Trouble: Error {
        let field: String
        let got: String
        let rule: String
        let exception: @Sendable (String) -> CeleryException

        init(
            _ field: String,
            got: String,
            _ rule: String,
            as exception: @escaping @Sendable (String) -> CeleryException = CeleryException
                .invalidTask
        ) {
            self.field = field
            self.got = got
            self.rule = rule
            self.exception = exception
        }
    }

    private static func broken(_ message: CeleryMessage?, _ trouble: Trouble) -> BrokenMessage {
        let rule = BrokenRule(field: trouble.field, got: trouble.got, rule: trouble.rule)
        return BrokenMessage(
            message: message,
            exception: trouble.exception(rule.description),
            rule: rule
        )
    }

    // MARK: Whose it is

    /// By its headers, as protocol 2 has it; `nil`: the body says so.
    private static func named(
        _ headers: [String: JSONValue],
        _ properties: [String: JSONValue]
    ) throws(BrokenMessage) -> CeleryMessage? {
        guard let task = headers["task"]?.string else { return nil }
        guard let id = headers["id"]?.string ?? properties["correlation_id"]?.string else {
            throw broken(nil, Trouble("headers.id", got: "nothing", "is required"))
        }
        return CeleryMessage(task: task, id: id)
    }

    private static func named(
        inBody body: JSONValue,
        _ properties: [String: JSONValue]
    ) throws(Trouble) -> CeleryMessage {
        guard let task = body["task"]?.string,
            let id = body["id"]?.string ?? properties["correlation_id"]?.string
        else {
            throw Trouble(
                "body",
                got: body.kind,
                "must name a task and its id where no header does"
            )
        }
        if let trouble = unfit(id) { throw trouble }
        return CeleryMessage(task: task, id: id)
    }

    private static func unfit(_ id: String) -> Trouble? {
        guard !(1...idBytesMax).contains(id.utf8.count) || id.utf8.contains(0) else { return nil }
        return Trouble(
            "id",
            got: "\(id.utf8.count) bytes",
            "must have 1–\(idBytesMax) bytes, none of them zero"
        )
    }

    // MARK: Protocol 2: headers, and an array of three

    private mutating func take(_ headers: [String: JSONValue]) throws(Trouble) {
        rootID = headers["root_id"]?.string
        parentID = headers["parent_id"]?.string
        groupID = headers["group"]?.string
        groupIndex = headers["group_index"]?.integer
        ignoresResult = headers["ignore_result"]?.bool ?? false
        retries = Self.count(headers["retries"])
        argumentsText = headers["argsrepr"]?.string ?? argumentsText
        keywordsText = headers["kwargsrepr"]?.string ?? keywordsText
        stamps = headers["stamps"]?.object ?? [:]
        eta = try Self.time(headers, "eta")
        expires = try Self.time(headers, "expires")
    }

    private mutating func take(protocolTwo body: JSONValue) throws(Trouble) {
        guard let parts = body.array, parts.count == 3 else {
            let got = body.array.map { "an array of \($0.count)" } ?? body.kind
            throw Trouble("body", got: got, "must be an array of arguments, keywords and embed")
        }
        guard parts[2] == .null || parts[2].object != nil else {
            throw Trouble("embed", got: parts[2].kind, "must be an object or null")
        }
        let embed = parts[2].object ?? [:]
        workflow = Workflow(
            callbacks: try Self.signatures(embed, "callbacks"),
            errorCallbacks: try Self.signatures(embed, "errbacks"),
            chain: try Self.signatures(embed, "chain"),
            chord: try Self.signatures(embed, "chord").first
        )
        try takeCall(parts[0], parts[1])
    }

    // MARK: Protocol 1: everything in one object

    private mutating func take(protocolOne body: [String: JSONValue]) throws(Trouble) {
        try takeCall(body["args"] ?? [], body["kwargs"] ?? [:])
        groupID = body["group"]?.string ?? body["taskset"]?.string
        groupIndex = body["group_index"]?.integer
        retries = Self.count(body["retries"])
        eta = try Self.time(body, "eta")
        expires = try Self.time(body, "expires")
        argumentsText = PythonText.tuple(arguments)
        keywordsText = PythonText.of(.object(keywords))
        workflow = Workflow(
            callbacks: try Self.signatures(body, "callbacks"),
            errorCallbacks: try Self.signatures(body, "errbacks"),
            chord: try Self.signatures(body, "chord").first
        )
    }

    // MARK: What both have

    private mutating func takeCall(
        _ arguments: JSONValue,
        _ keywords: JSONValue
    ) throws(Trouble) {
        guard let items = arguments.array else {
            throw Trouble("args", got: arguments.kind, "must be an array")
        }
        guard let members = keywords.object else {
            throw Trouble("kwargs", got: keywords.kind, "must be an object")
        }
        (self.arguments, self.keywords) = (items, members)
    }

    /// Most signatures that one message may bring in one place.
    private static let signaturesMax = 1000

    /// Signatures are passed on as they are; those that nobody could send are refused before
    /// anything is posted.
    private static func signatures(
        _ members: [String: JSONValue],
        _ name: String
    ) throws(Trouble) -> [JSONValue] {
        let value = members[name] ?? .null
        let items = value == .null ? [] : value.array ?? [value]
        guard items.count <= signaturesMax, items.allSatisfy({ $0["task"]?.string != nil }) else {
            throw Trouble(
                name,
                got: value.kind,
                "must hold at most \(signaturesMax) signatures, each with its task"
            )
        }
        return items
    }

    private static func count(_ value: JSONValue?) -> Int {
        Int(clamping: max(0, min(value?.integer ?? 0, Int64(Int32.max))))
    }

    /// Naive times are UTC, as Celery has it by default.
    private static func time(
        _ members: [String: JSONValue],
        _ name: String
    ) throws(Trouble) -> Date? {
        let value = members[name] ?? .null
        guard value != .null else { return nil }
        guard let text = value.string,
            let date = InternetTime.read(text) ?? InternetTime.read(text + "Z")
        else {
            throw Trouble(name, got: value.kind, "must be an ISO 8601 time")
        }
        return date
    }
}

extension CeleryMessage.Delivery {
    fileprivate init(_ headers: [String: JSONValue], _ properties: [String: JSONValue]) {
        let info = properties["delivery_info"]?.object ?? [:]
        exchange = info["exchange"]?.string ?? ""
        routingKey = info["routing_key"]?.string ?? ""
        priority = min(9, max(0, properties["priority"]?.integer ?? 0))
        wasRedelivered = info["redelivered"]?.bool ?? headers["redelivered"]?.bool ?? false
    }
}
