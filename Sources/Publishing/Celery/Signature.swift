internal import FoundationEssentials
internal import JSON

/// A call that Celery is to make later, as it is written in messages.
struct Signature: Sendable {
    private(set) var members: [String: JSONValue]

    indirect enum Kind {
        case plain
        /// All of them at once.
        case group([Signature])
        /// One after the other, each with the result of the one before.
        case chain([Signature])
        /// A group, and what is called with all its results.
        case chord(header: [Signature], body: Signature)
    }

    init(_ value: JSONValue) throws(FollowUpError) {
        guard let members = value.object, members["task"]?.string != nil else {
            throw .malformed("a signature must be an object with its task")
        }
        self.members = members
    }

    var json: JSONValue { .object(members) }
    var task: String { members["task"]?.string ?? "" }
    var arguments: [JSONValue] { members["args"]?.array ?? [] }
    var keywords: [String: JSONValue] { members["kwargs"]?.object ?? [:] }
    /// Whether it is called without the result of the one before.
    var isImmutable: Bool {
        get { members["immutable"]?.bool ?? false }
        set { members["immutable"] = .bool(newValue) }
    }

    /// A null counts as absent: Celery 5.4 writes it for ids that nobody gave.
    var options: [String: JSONValue] {
        get { (members["options"]?.object ?? [:]).filter { $0.value != .null } }
        set { members["options"] = .object(newValue) }
    }

    /// Of a group.
    mutating func replaceMembers(by signatures: [Signature]) {
        replace("tasks", by: .array(signatures.map(\.json)))
    }

    /// Of a chord.
    mutating func replaceBody(by body: Signature) { replace("body", by: body.json) }

    private mutating func replace(_ keyword: String, by value: JSONValue) {
        members["kwargs"] = .object(keywords.merging([keyword: value]) { $1 })
    }

    func text(_ option: String) -> String? { options[option]?.string }

    /// The tasks whose ends a chord waits for, where this one is in its header.
    func chordSize() throws(FollowUpError) -> Int {
        switch try kind() {
        case .plain: return 1
        case .group(let members):
            var size = 0
            for member in members { size += try member.chordSize() }
            return size
        case .chain(let steps): return try steps.last?.chordSize() ?? 0
        case .chord(_, let body): return try body.chordSize()
        }
    }

    /// The tasks that it is made of.
    func leafCount() throws(FollowUpError) -> Int {
        let parts: [Signature]
        switch try kind() {
        case .plain: return 1
        case .group(let members): parts = members
        case .chain(let steps): parts = steps
        case .chord(let header, let body): parts = header + [body]
        }
        var count = 0
        for part in parts { count += try part.leafCount() }
        return count
    }

    func kind() throws(FollowUpError) -> Kind {
        switch members["subtask_type"]?.string {
        case nil: return .plain
        case "group": return .group(try Self.list(keywords["tasks"]))
        case "chain":
            let steps = try Self.list(keywords["tasks"])
            guard !steps.isEmpty else { throw .malformed("a chain must have a step") }
            return .chain(steps)
        case "chord":
            // The header is a group, or its members alone.
            let header = keywords["header"]
            let members = header?["kwargs"]?["tasks"] ?? header?["tasks"] ?? header
            return .chord(
                header: try Self.list(members),
                body: try Signature(keywords["body"] ?? .null)
            )
        case let other?:
            throw .malformed("a \(DocumentFields.printable(other)) cannot be sent from here")
        }
    }

    private static func list(_ value: JSONValue?) throws(FollowUpError) -> [Signature] {
        guard let items = value?.array else {
            throw .malformed("a group, chain or chord must list its tasks")
        }
        var signatures: [Signature] = []
        for item in items { signatures.append(try Signature(item)) }
        return signatures
    }

    /// Signatures as options hold them: none, one, or an array.
    static func list(option value: JSONValue?) throws(FollowUpError) -> [Signature] {
        switch value ?? .null {
        case .null: []
        case .array(let items): try list(.array(items))
        case let one: [try Signature(one)]
        }
    }
}

/// Why what follows a task cannot be sent.
enum FollowUpError: Error, Equatable {
    case malformed(String)
    /// It would become more messages, or more bytes, than one task may make.
    case tooMuch

    var words: String {
        switch self {
        case .malformed(let words): words
        case .tooMuch:
            "it would make more than \(FollowUps.messagesMax) messages or "
                + "\(FollowUps.bytesMax) bytes"
        }
    }
}
