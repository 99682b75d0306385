internal import JSON

/// Reads the members of an object; a wrong type is refused with the field's name.
///
/// Fields nobody asks for are tolerated, and `null` counts as absent.
struct Fields {
    private let members: [String: JSONValue]
    private let prefix: String

    /// Opens an object; `name` is where it sits, for messages, and empty at the top.
    init(_ value: JSONValue?, name: String = "") throws(Refusal) {
        guard let members = value?.object else {
            throw .invalid(name.isEmpty ? "The body must be a JSON object" : "\(name) is required")
        }
        self.members = members
        prefix = name.isEmpty ? "" : name + "."
    }

    func fields(_ name: String) throws(Refusal) -> Fields {
        if let value = present(name), value.object == nil {
            throw .invalid("\(prefix)\(name) must be an object")
        }
        return try Fields(present(name), name: prefix + name)
    }

    /// The same, where an absent object is an empty one.
    func fieldsIfAny(_ name: String) throws(Refusal) -> Fields {
        guard present(name) != nil else { return try Fields(.object([:]), name: prefix + name) }
        return try fields(name)
    }

    func has(_ name: String) -> Bool { present(name) != nil }

    func text(_ name: String) throws(Refusal) -> String? {
        guard let value = present(name) else { return nil }
        guard let text = value.string else { throw .invalid("\(prefix)\(name) must be a string") }
        return text
    }

    func requiredText(_ name: String) throws(Refusal) -> String {
        guard let text = try text(name) else { throw .invalid("\(prefix)\(name) is required") }
        return text
    }

    func bool(_ name: String) throws(Refusal) -> Bool? {
        guard let value = present(name) else { return nil }
        guard let bool = value.bool else { throw .invalid("\(prefix)\(name) must be a boolean") }
        return bool
    }

    func integer(_ name: String) throws(Refusal) -> Int64? {
        guard let value = present(name) else { return nil }
        guard let integer = value.integer else {
            throw .invalid("\(prefix)\(name) must be an integer")
        }
        return integer
    }

    func requiredInteger(_ name: String) throws(Refusal) -> Int64 {
        guard let integer = try integer(name) else {
            throw .invalid("\(prefix)\(name) is required")
        }
        return integer
    }

    func number(_ name: String) throws(Refusal) -> Double? {
        if case .double(let value) = present(name) { return value }
        return try integer(name).map(Double.init)
    }

    func texts(_ name: String) throws(Refusal) -> [String]? {
        guard let value = present(name) else { return nil }
        let texts = value.array?.compactMap(\.string)
        guard let texts, texts.count == value.array?.count else {
            throw .invalid("\(prefix)\(name) must be a list of strings")
        }
        return texts
    }

    private func present(_ name: String) -> JSONValue? {
        guard let value = members[name], value != .null else { return nil }
        return value
    }
}

extension String {
    /// TikTok's unit of length.
    var utf16Units: Int { utf16.count }
}
