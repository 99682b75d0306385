internal import JSON

/// How options reach the members of what is called with them (celery 5.7.0, canvas.py, 2026-11-23).
extension Signature {
    typealias Options = [String: JSONValue]

    /// The same as it is when it is called with options, which come before its own (`_merge`).
    ///
    /// Its group and its stamps stay its own.
    func called(with call: Options) -> Signature {
        var called = self
        called.options = options.merging(call.filter { $0.value != .null }) { own, given in given }
        for name in kept { called.options[name] = options[name] }
        return called
    }

    private var kept: [String] {
        let stamps = options["stamped_headers"]?.array?.compactMap(\.string) ?? []
        return (["group_id", "stamped_headers"] + stamps).filter { options[$0] != nil }
    }

    /// The stamps that it bears, by name.
    var stamps: Options {
        let names = options["stamped_headers"]?.array?.compactMap(\.string) ?? []
        return options.filter { names.contains($0.key) }
    }

    /// Whoever is to be called after its success, in the option where Celery looks for them.
    mutating func link(_ callback: JSONValue) throws(FollowUpError) {
        switch try kind() {
        case .plain, .chain: append(callback, to: "link")
        case .group(var members):
            guard !members.isEmpty else { return append(callback, to: "link") }
            // It does not get the results of the others, so it gets none.
            var immutable = try Signature(callback)
            immutable.isImmutable = true
            try members[0].link(immutable.json)
            replaceMembers(by: members)
        case .chord(_, var body):
            try body.link(callback)
            replaceBody(by: body)
        }
    }

    /// The same for a failure: any of a group may fail, and so may the body of a chord.
    mutating func linkError(_ callback: JSONValue) throws(FollowUpError) {
        switch try kind() {
        case .plain, .chain: append(callback, to: "link_error")
        case .group(var members):
            for index in members.indices { try members[index].linkError(callback) }
            replaceMembers(by: members)
        case .chord(_, var body):
            try body.linkError(callback)
            replaceBody(by: body)
        }
    }

    /// For the body of a chord, whose header fails it by the option of the body itself.
    mutating func linkErrorOfBody(_ callback: JSONValue) throws(FollowUpError) {
        guard case .group = try kind(), options["link_error"] == nil else {
            return append(callback, to: "link_error")
        }
        try linkError(callback)
    }

    /// What is there already is not there twice.
    private mutating func append(_ callback: JSONValue, to option: String) {
        var callbacks = Self.listed(options[option])
        guard !callbacks.contains(callback) else { return }
        callbacks.append(callback)
        options[option] = .array(callbacks)
    }

    /// One, or a list of them.
    static func listed(_ value: JSONValue?) -> [JSONValue] {
        switch value ?? .null {
        case .null: []
        case .array(let items): items
        case let one: [one]
        }
    }
}
