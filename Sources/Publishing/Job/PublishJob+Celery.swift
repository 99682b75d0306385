internal import FoundationEssentials
internal import JSON

/// Finds the job document in the arguments of a task.
extension PublishJob {
    /// - Parameter tasks: names of tasks that publish; `nil`: whatever its name.
    init(_ message: CeleryMessage, tasks: Set<String>?) throws(BrokenDocument) {
        guard tasks?.contains(message.task) ?? true else {
            throw BrokenDocument(unknownTask: message)
        }
        do throws(BrokenDocument) {
            var members = try Self.document(in: message)
            // Without an id of its own, the task's is the idempotency key.
            if members["id"] ?? .null == .null { members["id"] = .string(message.id) }
            try self.init(DocumentFields(members))
        } catch {
            throw BrokenDocument(error, message)
        }
        task = message
        publishAt = [publishAt, message.eta].compactMap(\.self).max()
        expiresAt = [expiresAt, message.expires].compactMap(\.self).min()
    }

    /// Keyword arguments, or one positional object.
    private static func document(
        in message: CeleryMessage
    ) throws(BrokenDocument) -> [String: JSONValue] {
        let (arguments, keywords) = (message.arguments, message.keywords)
        if arguments.isEmpty { return keywords.mapValues(\.untagged) }
        if arguments.count == 1, keywords.isEmpty, let document = arguments[0].object {
            return document.mapValues(\.untagged)
        }
        let rule = BrokenRule(
            field: "args",
            got: "\(arguments.count) positional and \(keywords.count) keyword arguments",
            rule: "must be the fields of a job document as keywords, or one object with them"
        )
        throw BrokenDocument(
            id: nil,
            account: nil,
            rules: [rule],
            exception: .invalidTask(rule.description)
        )
    }
}

extension BrokenDocument {
    /// - Parameter tasks: as for `PublishJob`.
    init(_ broken: BrokenMessage, tasks: Set<String>?) {
        if let message = broken.message, message.isNamed, tasks?.contains(message.task) == false {
            self.init(unknownTask: message)
            return
        }
        let id = broken.message.flatMap { $0.isNamed && PublishJob.isKey($0.id) ? $0.id : nil }
        self.init(
            id: id,
            account: nil,
            rules: [broken.rule],
            task: broken.message,
            exception: broken.exception
        )
    }

    /// A message that is too long to be read; `nil`: nothing says whose it is.
    ///
    /// - Parameters:
    ///   - envelope: without its body.
    ///   - bytes: its length with it.
    init?(envelope: [UInt8], bytes: Int, tasks: Set<String>?) {
        // What is no message is told as any other document.
        guard let members = (try? JSONValue(parsing: envelope))?.object,
            CeleryMessage.isMessage(members)
        else { return nil }
        self.init(CeleryMessage.tooLong(members, bytes: bytes), tasks: tasks)
    }

    /// The same with the message that it came in.
    fileprivate init(_ broken: BrokenDocument, _ message: CeleryMessage) {
        self.init(
            id: broken.id ?? (PublishJob.isKey(message.id) ? message.id : nil),
            account: broken.account,
            rules: broken.rules,
            task: message,
            exception: broken.exception
        )
    }

    /// A task of somebody else's gets no row: it is no post.
    fileprivate init(unknownTask message: CeleryMessage) {
        self.init(
            id: nil,
            account: nil,
            rules: [
                BrokenRule(
                    field: "task",
                    got: DocumentFields.printable(message.task),
                    rule: "is no task of CELERY_TASKS; it needs a queue of its own"
                )
            ],
            task: message,
            exception: .notRegistered(message.task)
        )
    }
}

extension JSONValue {
    /// The value without the mark by which kombu tells what it was in Python: an object of exactly
    /// `__type__` and `__value__` (kombu 5.3 and newer).
    fileprivate var untagged: JSONValue {
        switch self {
        case .object(let members):
            guard members.count == 2, let type = members["__type__"]?.string,
                let value = members["__value__"]
            else { return .object(members.mapValues(\.untagged)) }
            switch type {
            case "datetime":
                guard let text = value.string, InternetTime.read(text) == nil else { return value }
                return .string(text + "Z")
            case "uuid": return value["hex"]?.string.flatMap(Self.uuid) ?? self
            default: return self
            }
        case .array(let items): return .array(items.map(\.untagged))
        case .null, .bool, .integer, .double, .string: return self
        }
    }

    private static func uuid(_ digits: String) -> JSONValue? {
        guard digits.utf8.count == 32, digits.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        return .string(PythonText.ofUUID(digits: digits))
    }
}
