internal import JSON

/// Chains and chords, which keep some of the options that they are called with and pass on others
/// (celery 5.7.0, canvas.py `_chain.run`, `_chain.prepare_steps` and `_chord.run`, 2026-11-23).
extension FollowUps {
    /// Options of a chain that concern one of its steps, or all.
    private static let ownOfChain = [
        "chord", "group_id", "group_index", "link", "link_error", "task_id",
    ]

    /// The first step goes now, with the chain's options; the others wait in its message, the next
    /// one last.
    mutating func sendChain(
        _ chain: Signature,
        _ given: [Signature],
        _ prefix: [JSONValue],
        _ call: Signature.Options
    ) throws(FollowUpError) -> JSONValue {
        let options = chain.options.merging(call) { $1 }
        var steps = try Self.joined(given)
        try freeze(&steps, options)
        var first = options.filter { !Self.ownOfChain.contains($0.key) }
        let rest = steps.dropFirst().reversed().map(\.json)
        first["chain"] = .array((options["chain"]?.array ?? []) + rest)
        let sent = try send(steps[0], prefix, first)
        guard steps.count > 1, let id = steps.last?.text("task_id") else { return sent }
        return [[.string(id), .null], .null]
    }

    /// Gives every step its id; what concerns the chain as a whole concerns its last step, and its
    /// error callbacks concern all.
    private mutating func freeze(
        _ steps: inout [Signature],
        _ options: Signature.Options
    ) throws(FollowUpError) {
        let last = steps.count - 1
        let errorCallbacks = Signature.listed(options["link_error"])
        if !errorCallbacks.isEmpty {
            var leaves = 0
            for step in steps { leaves += try step.leafCount() }
            try spend(on: errorCallbacks, into: leaves)
        }
        for index in steps.indices {
            switch try steps[index].kind() {
            case .plain, .group:
                guard steps[index].text("task_id") == nil else { break }
                let given = index == last ? options["task_id"] : nil
                steps[index].options["task_id"] = given ?? .string(newID())
            case .chain, .chord: break
            }
            if let root = options["root_id"] { steps[index].options["root_id"] = root }
            for callback in errorCallbacks {
                try steps[index].linkError(callback)
            }
        }
        try steps[last].place(in: options)
        let links = Signature.listed(options["link"])
        guard !links.isEmpty else { return }
        let own = Signature.listed(steps[last].options["link"])
        steps[last].options["link"] = .array(own + links)
    }

    /// Chains in a chain are steps of it, a group of one is that one, and a group that another step
    /// follows is the header of a chord.
    private static func joined(_ steps: [Signature]) throws(FollowUpError) -> [Signature] {
        var joined: [Signature] = []
        for step in try spliced(steps) {
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

    private static func spliced(_ steps: [Signature]) throws(FollowUpError) -> [Signature] {
        var spliced: [Signature] = []
        for step in steps {
            switch try step.kind() {
            case .chain(let inner): spliced += try Self.spliced(inner)
            case .group(let members) where members.count == 1:
                spliced += try Self.spliced(members)
            case .group(let members) where members.isEmpty && steps.count > 1: break
            case .plain, .group, .chord: spliced.append(step)
            }
        }
        guard !spliced.isEmpty else { throw .malformed("a chain must have a step") }
        return spliced
    }

    /// The options of a chord are those of its header's members and of its body; its callbacks are
    /// its body's, and its delay is its header's.
    mutating func sendChord(
        _ chord: Signature,
        _ members: [Signature],
        _ given: Signature,
        _ prefix: [JSONValue],
        _ call: Signature.Options
    ) throws(FollowUpError) -> JSONValue {
        var options = chord.options.merging(call) { $1 }
        let delay = options.filter { ["countdown", "eta"].contains($0.key) }
        for name in ["countdown", "eta"] { options[name] = nil }
        let chordID = options.removeValue(forKey: "task_id")?.string
        var body = given
        for callback in Signature.listed(options.removeValue(forKey: "link")) {
            try body.link(callback)
        }
        let errorCallbacks = Signature.listed(options.removeValue(forKey: "link_error"))
        try spend(on: errorCallbacks, into: try body.leafCount())
        for callback in errorCallbacks { try body.linkErrorOfBody(callback) }
        let ofBody = options.filter { $0.key != "parent_id" }
        body.options = body.options.merging(ofBody) { $1 }

        // Celery does not look at the header's own.
        let group = chordID ?? newID()
        if case .plain = try body.kind() {
            body.freeze(as: body.text("task_id") ?? chordID ?? newID(), in: group)
        }
        let sent = JSONValue.text(body.text("task_id") ?? group)
        guard !members.isEmpty else {
            let parents = options.filter { ["parent_id", "root_id"].contains($0.key) }
            return try send(body, [[]], parents)
        }
        for name in ["chain", "chord", "group_id", "group_index"] { options[name] = nil }
        options.merge(delay) { $1 }
        options["task_id"] = .string(group)
        options["chord"] = body.json
        _ = try sendGroup(options, members, prefix)
        return [[sent, .null], .null]
    }
}

extension Signature {
    /// What a group or a chord that it ends waits for.
    fileprivate mutating func place(in outer: Options) throws(FollowUpError) {
        if options["group_id"] == nil { options["group_id"] = outer["group_id"] }
        for name in ["group_index", "chord"] {
            if let value = outer[name] { options[name] = value }
        }
        guard outer["chord"] != nil, case .group(let members) = try kind() else { return }
        // It is its members that the chord counts.
        var flat = try FollowUps.flattened(members)
        for index in flat.indices {
            var inner = outer
            inner["group_index"] = .integer(Int64(index))
            if let root = outer["root_id"] { flat[index].options["root_id"] = root }
            try flat[index].place(in: inner)
        }
        replaceMembers(by: flat)
    }

    fileprivate mutating func freeze(as id: String, in group: String) {
        options["task_id"] = .string(id)
        if options["group_id"] == nil { options["group_id"] = .string(group) }
    }
}
