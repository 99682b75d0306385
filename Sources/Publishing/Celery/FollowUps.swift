internal import Crypto
internal import FoundationEssentials
internal import JSON

/// Pure: the messages by which a workflow goes on when its task has ended.
///
/// Made again from the same message it has the same ids, so that whoever takes over from a worker
/// that died tells the same story.
struct FollowUps {
    /// What a signature is sent with beside its own options, and before them.
    struct Context: Sendable {
        var parentID: String?
        var rootID: String?
        /// The rest of the chain, the next step last; `nil`: what the signature has itself.
        var chain: [JSONValue]?
        var chord: JSONValue?
        var group: (id: String, index: Int64?)?
    }

    /// A chord whose header is sent: its size must be known before its first part ends.
    struct ChordStart: Sendable, Equatable {
        let group: String
        let size: Int
    }

    private(set) var messages: [TaskMessage] = []
    private(set) var chords: [ChordStart] = []
    /// What was sent, as the result tells it.
    private(set) var children: [JSONValue] = []
    private let seed: String
    private let origin: String
    private let now: Date
    private var idsMade = 0
    private var bytes = 0

    /// Most messages that the end of one task sends.
    static let messagesMax = 1000
    static let bytesMax = 16 * 1024 * 1024

    /// - Parameters:
    ///   - seed: of the ids; the same for the same task.
    ///   - origin: named as the sender.
    init(seed: String, origin: String, now: Date = .now) {
        self.seed = seed
        self.origin = origin
        self.now = now
    }

    // MARK: What follows which end

    /// After success: every callback, and the next step of the chain, each with the result.
    mutating func succeed(_ task: CeleryMessage, with result: JSONValue) throws(FollowUpError) {
        let context = Context(parentID: task.id, rootID: task.rootID ?? task.id)
        for callback in task.workflow.callbacks {
            children.append(try send(try Signature(callback), [result], context))
        }
        var chain = task.workflow.chain
        guard let next = chain.popLast() else { return }
        var inChain = context
        inChain.chain = chain
        children.append(try send(try Signature(next), [result], inChain))
    }

    /// After failure: every error callback, with the id of what failed.
    mutating func fail(
        _ id: String,
        root: String?,
        _ callbacks: [JSONValue]
    ) throws(FollowUpError) {
        let context = Context(parentID: id, rootID: root ?? id)
        for callback in callbacks {
            children.append(try send(try Signature(callback), [.string(id)], context))
        }
    }

    /// The body of a chord, with the results of all its parts.
    mutating func sendBody(
        _ body: Signature,
        _ results: JSONValue,
        after task: CeleryMessage
    ) throws(FollowUpError) {
        let context = Context(parentID: task.id, rootID: task.rootID ?? task.id)
        children.append(try send(body, [results], context))
    }

    // MARK: Signatures

    /// - Returns: what was sent, as results name it: `[[id, parent], members]`.
    private mutating func send(
        _ signature: Signature,
        _ prefix: [JSONValue],
        _ context: Context
    ) throws(FollowUpError) -> JSONValue {
        switch try signature.kind() {
        case .plain: try sendPlain(signature, prefix, context)
        case .group(let members): try sendGroup(signature, members, prefix, context)
        case .chain(let steps): try sendChain(signature, steps, prefix, context)
        case .chord(let header, let body):
            try sendChord(signature, header, body, prefix, context)
        }
    }

    private mutating func sendPlain(
        _ signature: Signature,
        _ prefix: [JSONValue],
        _ context: Context
    ) throws(FollowUpError) -> JSONValue {
        let id = signature.text("task_id") ?? newID()
        var context = context
        // Its own place in a group stays when something else is sent with it.
        if let group = signature.text("group_id") {
            context.group = (group, signature.options["group_index"]?.integer)
        }
        let arguments = (signature.isImmutable ? [] : prefix) + signature.arguments
        let message = TaskMessage(
            signature: signature,
            id: id,
            arguments: arguments,
            context: context,
            origin: origin,
            now: now
        )
        messages.append(message)
        bytes += message.element(for: "").count
        guard messages.count <= Self.messagesMax, bytes <= Self.bytesMax else { throw .tooMuch }
        return [[.string(id), .null], .null]
    }

    private mutating func sendGroup(
        _ signature: Signature,
        _ members: [Signature],
        _ prefix: [JSONValue],
        _ context: Context
    ) throws(FollowUpError) -> JSONValue {
        let id = signature.text("task_id") ?? newID()
        let flat = try Self.flattened(members)
        var context = context
        context.chord = context.chord ?? signature.options["chord"]
        return [[.string(id), .null], .array(try send(members: flat, of: id, prefix, context))]
    }

    /// Sends what is a group, or the header of a chord.
    private mutating func send(
        members: [Signature],
        of group: String,
        _ prefix: [JSONValue],
        _ context: Context
    ) throws(FollowUpError) -> [JSONValue] {
        if context.chord != nil {
            var size = 0
            for member in members { size += try member.chordSize() }
            chords.append(ChordStart(group: group, size: size))
        }
        var context = context
        var sent: [JSONValue] = []
        for (index, member) in members.enumerated() {
            context.group = (group, Int64(index))
            sent.append(try send(member, prefix, context))
        }
        return sent
    }

    /// Groups in a group are members of it.
    private static func flattened(_ members: [Signature]) throws(FollowUpError) -> [Signature] {
        var flat: [Signature] = []
        for member in members {
            if case .group(let inner) = try member.kind() {
                flat += try flattened(inner)
            } else {
                flat.append(member)
            }
        }
        return flat
    }

    /// The first step goes now; the others wait in its message, the next one last.
    private mutating func sendChain(
        _ signature: Signature,
        _ steps: [Signature],
        _ prefix: [JSONValue],
        _ context: Context
    ) throws(FollowUpError) -> JSONValue {
        var steps = try Self.joined(steps)
        for index in steps.indices {
            guard case .plain = try steps[index].kind(), steps[index].text("task_id") == nil else {
                continue
            }
            steps[index].options["task_id"] = .string(newID())
        }
        // What concerns the chain as a whole concerns its last step.
        let last = steps.count - 1
        try Self.give(steps: &steps, last, signature, context)
        var inChain = context
        if last > 0 { (inChain.group, inChain.chord) = (nil, nil) }
        let outer = context.chain ?? signature.options["chain"]?.array ?? []
        inChain.chain = outer + steps.dropFirst().reversed().map(\.json)
        let first = try send(steps[0], prefix, inChain)
        guard last > 0, let id = steps[last].text("task_id") else { return first }
        return [[.string(id), .null], .null]
    }

    private static func give(
        steps: inout [Signature],
        _ last: Int,
        _ chain: Signature,
        _ context: Context
    ) throws(FollowUpError) {
        let link =
            try Signature.list(option: chain.options["link"])
            + (try Signature.list(option: steps[last].options["link"]))
        if !link.isEmpty { steps[last].options["link"] = .array(link.map(\.json)) }
        let group = chain.text("group_id").map { ($0, chain.options["group_index"]?.integer) }
        if let (id, index) = context.group ?? group {
            steps[last].options["group_id"] = .string(id)
            steps[last].options["group_index"] = index.map { .integer($0) } ?? .null
        }
        if let chord = context.chord ?? chain.options["chord"] {
            steps[last].options["chord"] = chord
        }
    }

    /// A group that another step follows is the header of a chord.
    private static func joined(_ steps: [Signature]) throws(FollowUpError) -> [Signature] {
        var joined: [Signature] = []
        for step in steps {
            guard let last = joined.last, case .group = try last.kind() else {
                joined.append(step)
                continue
            }
            joined[joined.count - 1] = try Signature([
                "task": "celery.chord", "args": [], "subtask_type": "chord", "immutable": false,
                "kwargs": ["kwargs": [:], "header": last.json, "body": step.json],
                "options": [:],
            ])
        }
        return joined
    }

    private mutating func sendChord(
        _ signature: Signature,
        _ header: [Signature],
        _ body: Signature,
        _ prefix: [JSONValue],
        _ context: Context
    ) throws(FollowUpError) -> JSONValue {
        var body = body
        let id = body.text("task_id") ?? newID()
        let header = try Self.flattened(header)
        let headerID = signature.keywords["header"]?["options"]?["task_id"]?.string
        let group = signature.text("task_id") ?? headerID ?? newID()
        if case .plain = try body.kind() { body.options["task_id"] = .string(id) }
        if let chain = context.chain, !chain.isEmpty { body.options["chain"] = .array(chain) }
        if let root = context.rootID { body.options["root_id"] = .string(root) }
        // Where the chord itself is a part of another one, its body is what counts there.
        if let outer = context.group {
            body.options["group_id"] = .string(outer.id)
            body.options["group_index"] = outer.index.map { .integer($0) } ?? .null
        }
        if let outer = context.chord { body.options["chord"] = outer }
        guard !header.isEmpty else {
            return try send(body, [[]], Context(parentID: context.parentID, rootID: context.rootID))
        }
        var inHeader = Context(parentID: context.parentID, rootID: context.rootID, chain: [])
        inHeader.chord = body.json
        _ = try send(members: header, of: group, prefix, inHeader)
        return [[.string(id), .null], .null]
    }

    /// A UUID made of the seed and how many came before.
    private mutating func newID() -> String {
        idsMade += 1
        var bytes = Array(SHA256.digest(Array("\(seed)/\(idsMade)".utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        return PythonText.ofUUID(digits: Hexadecimal.encode(bytes))
    }
}
