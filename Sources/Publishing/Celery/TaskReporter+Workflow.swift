internal import FoundationEssentials
internal import JSON
internal import Redis
internal import Telemetry

/// What the end of a task means for the workflow it is a part of.
extension TaskReporter {
    /// The messages that follow an end.
    func followUps(_ end: TaskEnd, _ task: CeleryMessage) -> FollowUps {
        do throws(FollowUpError) {
            return try Self.followUps(end, task, from: node)
        } catch {
            // Read without trouble before anything was posted, it does not come to this.
            log.error("celery.unsent", ["reason": .string(error.words)])
            return FollowUps(seed: task.id, origin: node)
        }
    }

    private static func followUps(
        _ end: TaskEnd,
        _ task: CeleryMessage,
        from node: String
    ) throws(FollowUpError) -> FollowUps {
        var follow = FollowUps(seed: "\(task.id)/\(end.state)", origin: node)
        switch end {
        case .succeeded(let result, _): try follow.succeed(task, with: result)
        case .failed:
            try follow.fail(task.id, root: task.rootID, task.workflow.errorCallbacks)
        case .revoked: break
        }
        return follow
    }

    /// Refuses a task whose workflow could not go on, while its caller can still mend that.
    static func check(_ task: CeleryMessage) throws(FollowUpError) {
        let end = TaskEnd.succeeded(.null, runtime: .zero)
        _ = try followUps(end, task, from: "")
        _ = try followUps(.failed(.invalidTask("")), task, from: "")
        var body = FollowUps(seed: "", origin: "")
        if let chord = task.workflow.chord {
            try body.sendBody(try Signature(chord), .null, after: task)
        }
    }

    /// After a failure the rest of the chain fails with it; then the chord is told, if the task is
    /// a part of one.
    func endWorkflow(
        of task: CeleryMessage,
        _ end: TaskEnd,
        _ claim: Claim
    ) async throws(Trouble) {
        if end.exception != nil {
            for step in task.workflow.chain.reversed() { try await fail(step, task, end, claim) }
        }
        guard let part = ChordPart(task, end) else { return }
        try await count(part, task, claim)
    }

    /// Tells whoever waits for a later step that it will not come.
    private func fail(
        _ step: JSONValue,
        _ task: CeleryMessage,
        _ end: TaskEnd,
        _ claim: Claim
    ) async throws(Trouble) {
        // What is no signature was refused when the message was read.
        guard let signature = try? Signature(step), let kind = try? signature.kind() else { return }
        switch kind {
        case .plain: try await failPlain(signature, task, end, claim)
        case .group(let members), .chain(let members):
            for member in members { try await fail(member.json, task, end, claim) }
        case .chord(_, let body): try await fail(body.json, task, end, claim)
        }
    }

    private func failPlain(
        _ signature: Signature,
        _ task: CeleryMessage,
        _ end: TaskEnd,
        _ claim: Claim
    ) async throws(Trouble) {
        guard let id = signature.text("task_id") else { return }
        var later = CeleryMessage(task: signature.task, id: id)
        later.groupID = signature.text("group_id")
        later.groupIndex = signature.options["group_index"]?.integer
        later.workflow.chord = signature.options["chord"]
        let document = ResultDocument.make(
            of: later,
            state: end.state,
            result: end.result,
            doneAt: .now
        )
        try await keeping { () throws(RedisError) in
            try await results.store(document, of: id, isEnd: true)
        }
        guard let part = ChordPart(later, end) else { return }
        try await count(part, task, claim)
    }

    // MARK: Chords

    /// Counts a part; the worker of the last one sends the body.
    private func count(
        _ part: ChordPart,
        _ task: CeleryMessage,
        _ claim: Claim
    ) async throws(Trouble) {
        let parts = try await keeping { () throws(RedisError) in try await results.count(part) }
        guard !parts.isEmpty, let body = try? Signature(part.body) else { return }
        if let failed = parts.first(where: { $0.member(2)?.string != "SUCCESS" }) {
            let reason = failed.member(3).flatMap(CeleryException.init(json:))?.text ?? ""
            let why = "Dependency \(failed.member(1)?.string ?? "") raised \(reason)"
            try await failBody(body, why, part.group, task, claim)
        } else {
            try await sendBody(body, try await shaped(parts, part.group), part.group, task, claim)
        }
        try await keeping { () throws(RedisError) in try await results.end(part.group) }
    }

    private func sendBody(
        _ body: Signature,
        _ values: JSONValue,
        _ group: String,
        _ task: CeleryMessage,
        _ claim: Claim
    ) async throws(Trouble) {
        var follow = FollowUps(seed: group + "/body", origin: node)
        do throws(FollowUpError) {
            try follow.sendBody(body, values, after: task)
        } catch {
            // Whoever waits for the body must not wait for ever.
            log.error("celery.unsent", ["reason": .string(error.words)])
            return try await failBody(body, error.words, group, task, claim)
        }
        try await keeping { [chords = follow.chords] () throws(RedisError) in
            try await results.begin(chords)
        }
        _ = try await send(follow.messages, after: group, "chord", claim)
    }

    /// The parts' results, flat, or nested as the chord's header was.
    private func shaped(_ parts: [JSONValue], _ group: String) async throws(Trouble) -> JSONValue {
        let flat = JSONValue.array(parts.map { $0.member(3) ?? .null })
        let shape = try await keeping { () throws(RedisError) in
            try await results.shape(of: group)
        }
        guard let shape, let tuples = shape.member(1)?.array else { return flat }
        let leaves = tuples.flatMap(\.leaves)
        let values = try await keeping { () throws(RedisError) in
            try await results.results(of: leaves)
        }
        let byLeaf = Dictionary(zip(leaves, values)) { first, _ in first }
        return .array(tuples.map { $0.filled(from: byLeaf) })
    }

    /// The chord's body fails.
    ///
    /// - Parameter why: in the words that Celery has for it, where a part failed.
    private func failBody(
        _ body: Signature,
        _ why: String,
        _ group: String,
        _ task: CeleryMessage,
        _ claim: Claim
    ) async throws(Trouble) {
        let end = TaskEnd.failed(
            CeleryException(
                module: "celery.exceptions",
                type: "ChordError",
                arguments: [.string(why)]
            )
        )
        try await fail(body.json, task, end, claim)
        for step in body.options["chain"]?.array ?? [] {
            try await fail(step, task, end, claim)
        }
        var follow = FollowUps(seed: group + "/failed", origin: node)
        do throws(FollowUpError) {
            let callbacks = try Signature.list(option: body.options["link_error"])
            let id = body.text("task_id") ?? group
            try follow.fail(id, root: task.rootID, callbacks.map(\.json))
        } catch {
            log.error("celery.unsent", ["reason": .string(error.words)])
        }
        _ = try await send(follow.messages, after: group, "chord", claim)
    }
}

extension JSONValue {
    /// An element of an array.
    fileprivate func member(_ index: Int) -> JSONValue? {
        guard let array, array.indices.contains(index) else { return nil }
        return array[index]
    }

    /// The ids of the tasks under a result as Celery names it: `[[id, parent], members]`.
    fileprivate var leaves: [String] {
        if let members = member(1)?.array { return members.flatMap(\.leaves) }
        return [member(0)?.member(0)?.string ?? ""]
    }

    fileprivate func filled(from values: [String: JSONValue]) -> JSONValue {
        if let members = member(1)?.array { return .array(members.map { $0.filled(from: values) }) }
        return values[member(0)?.member(0)?.string ?? ""] ?? .null
    }
}

extension CeleryException {
    /// Reads what a worker keeps of one.
    fileprivate init?(json: JSONValue) {
        guard let type = json["exc_type"]?.string else { return nil }
        let arguments = json["exc_message"] ?? .array([])
        self.init(
            module: json["exc_module"]?.string ?? "",
            type: type,
            arguments: arguments.array ?? [arguments]
        )
    }
}
