internal import Crypto
internal import FoundationEssentials
internal import JSON

/// Pure: the messages by which a workflow goes on when its task has ended.
///
/// Made again from the same message it has the same ids, so that whoever takes over from a worker
/// that died tells the same story.
struct FollowUps {
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
    private var copies = 0

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
        let call = Self.call(by: task.id, root: task.rootID)
        for callback in task.workflow.callbacks {
            children.append(try send(try Signature(callback), [result], call))
        }
        var chain = task.workflow.chain
        guard let next = chain.popLast() else { return }
        let inChain = call.merging(["chain": .array(chain)]) { $1 }
        children.append(try send(try Signature(next), [result], inChain))
    }

    /// After failure: every error callback, with the id of what failed.
    mutating func fail(
        _ id: String,
        root: String?,
        _ callbacks: [JSONValue]
    ) throws(FollowUpError) {
        let call = Self.call(by: id, root: root)
        for callback in callbacks {
            children.append(try send(try Signature(callback), [.string(id)], call))
        }
    }

    /// The body of a chord, with the results of all its parts.
    mutating func sendBody(
        _ body: Signature,
        _ results: JSONValue,
        after task: CeleryMessage
    ) throws(FollowUpError) {
        let call = Self.call(by: task.id, root: task.rootID)
        children.append(try send(body, [results], call))
    }

    private static func call(by parent: String, root: String?) -> Signature.Options {
        ["parent_id": .string(parent), "root_id": .string(root ?? parent)]
    }

    // MARK: Signatures

    /// Calls a signature.
    ///
    /// - Parameters:
    ///   - prefix: arguments before its own.
    ///   - call: options before its own.
    /// - Returns: what was sent, as results name it: `[[id, parent], members]`.
    mutating func send(
        _ signature: Signature,
        _ prefix: [JSONValue],
        _ call: Signature.Options
    ) throws(FollowUpError) -> JSONValue {
        switch try signature.kind() {
        case .plain: try sendPlain(signature.called(with: call), prefix)
        case .group(let members):
            try sendGroup(signature.called(with: call).options, members, prefix)
        case .chain(let steps): try sendChain(signature, steps, prefix, call)
        case .chord(let header, let body):
            try sendChord(signature, header, body, prefix, call)
        }
    }

    private mutating func sendPlain(
        _ signature: Signature,
        _ prefix: [JSONValue]
    ) throws(FollowUpError) -> JSONValue {
        let id = signature.text("task_id") ?? newID()
        let arguments = (signature.isImmutable ? [] : prefix) + signature.arguments
        let message = TaskMessage(
            signature: signature,
            id: id,
            arguments: arguments,
            origin: origin,
            now: now
        )
        messages.append(message)
        bytes += message.element(for: "").count
        guard messages.count <= Self.messagesMax, bytes <= Self.bytesMax else { throw .tooMuch }
        return [[.string(id), .null], .null]
    }

    /// All options of a group are those of its members, too.
    ///
    /// - Parameter options: with those that it is called with.
    mutating func sendGroup(
        _ options: Signature.Options,
        _ members: [Signature],
        _ prefix: [JSONValue]
    ) throws(FollowUpError) -> JSONValue {
        var call = options
        let id = call.removeValue(forKey: "task_id")?.string ?? newID()
        call["group_id"] = .string(id)
        let flat = try Self.flattened(members)
        if flat.contains(where: { $0.options["chord"] != nil }) || call["chord"] != nil {
            var size = 0
            for member in flat { size += try member.chordSize() }
            chords.append(ChordStart(group: id, size: size))
        }
        var sent: [JSONValue] = []
        for (index, member) in flat.enumerated() {
            call["group_index"] = .integer(Int64(index))
            sent.append(try send(member, prefix, call))
        }
        return [[.string(id), .null], .array(sent)]
    }

    /// Groups in a group are members of it.
    static func flattened(_ members: [Signature]) throws(FollowUpError) -> [Signature] {
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

    /// Most copies of callbacks that go into the steps of chains and the bodies of chords.
    private static let copiesMax = 10_000

    /// Makes sure that a small message cannot make work without end: a callback of something with
    /// many parts is copied into each.
    mutating func spend(on callbacks: [JSONValue], into leaves: Int) throws(FollowUpError) {
        copies += callbacks.count * leaves
        bytes += callbacks.reduce(0) { $0 + $1.encoded.count } * leaves
        guard copies <= Self.copiesMax, bytes <= Self.bytesMax else { throw .tooMuch }
    }

    /// A UUID made of the seed and how many came before.
    mutating func newID() -> String {
        idsMade += 1
        var bytes = Array(SHA256.digest(Array("\(seed)/\(idsMade)".utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        return PythonText.ofUUID(digits: Hexadecimal.encode(bytes))
    }
}
