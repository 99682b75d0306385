internal import FoundationEssentials
internal import JSON

/// Takes the fields out of a document one by one and keeps every rule that breaks on the way.
struct DocumentFields {
    private var members: [String: JSONValue]
    private(set) var broken: [BrokenRule] = []

    /// Names of the document that stand in it twice or more.
    private let repeatedNames: Set<String>

    /// Refuses what is there twice: upstream and this program may not mean the same by it.
    init(_ members: [String: JSONValue], repeated: [JSONDocument.RepeatedName] = []) {
        self.members = members
        repeatedNames = Set(repeated.filter(\.isOutermost).map(\.name))
        for name in repeated {
            refuse(Self.printable(name.name), got: "more than one", rule: "may be there only once")
        }
    }

    /// Whether nobody can say which of several values is meant.
    func isRepeated(_ field: String) -> Bool { repeatedNames.contains(field) }

    mutating func refuse(_ field: String, got: String, rule: String) {
        broken.append(BrokenRule(field: field, got: got, rule: rule))
    }

    /// A null counts as absent: serialisers write it for fields nobody set.
    mutating func take(_ field: String) -> JSONValue? {
        guard let value = members.removeValue(forKey: field), value != .null else { return nil }
        return value
    }

    /// Refuses whatever nobody took: a misspelt field must not post the wrong thing.
    mutating func refuseTheRest() {
        for (field, value) in members.sorted(by: { $0.key < $1.key }).prefix(20) {
            refuse(Self.printable(field), got: value.kind, rule: "is no field of a job document")
        }
    }

    mutating func string(_ field: String) -> String? {
        guard let value = take(field) else { return nil }
        guard let text = value.string else {
            refuse(field, got: value.kind, rule: "must be a string")
            return nil
        }
        guard !text.unicodeScalars.contains("\0") else {
            refuse(field, got: "a string with a NUL", rule: "must not hold U+0000")
            return nil
        }
        return text
    }

    /// A caption is refused when too long, never cut.
    mutating func text(_ field: String, atMost limit: Int) -> String? {
        guard let text = string(field) else { return nil }
        let units = text.utf16.count
        guard units <= limit else {
            refuse(
                field,
                got: "\(units) UTF-16 units",
                rule: "must have at most \(limit) UTF-16 units"
            )
            return nil
        }
        return text
    }

    /// 1–128 of `A–Z a–z 0–9 . _ : -`.
    mutating func key(_ field: String) -> String? {
        let wasThere = members[field] != nil && members[field] != .null
        guard let text = string(field) else {
            if !wasThere { refuse(field, got: "nothing", rule: "is required") }
            return nil
        }
        guard PublishJob.isKey(text) else {
            refuse(
                field,
                got: "\(text.count) characters",
                rule: "must be 1–128 characters of A–Z a–z 0–9 . _ : -"
            )
            return nil
        }
        return text
    }

    mutating func flag(_ field: String) -> Bool {
        guard let value = take(field) else { return false }
        guard let flag = value.bool else {
            refuse(field, got: value.kind, rule: "must be true or false")
            return false
        }
        return flag
    }

    mutating func whole(_ field: String, in range: ClosedRange<Int64>) -> Int? {
        guard let value = take(field) else { return nil }
        guard let number = value.integer, range.contains(number) else {
            let rule = "must be an integer from \(range.lowerBound) to \(range.upperBound)"
            refuse(field, got: value.integer.map { "\($0)" } ?? value.kind, rule: rule)
            return nil
        }
        return Int(number)
    }

    /// One of a few words; `nil` when absent or refused.
    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ field: String,
        as _: Word.Type
    ) -> Word? where Word.RawValue == String {
        guard let text = string(field) else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: " or ")
            refuse(field, got: "another string", rule: "must be \(words)")
            return nil
        }
        return word
    }

    mutating func instant(_ field: String) -> Date? {
        guard let text = string(field) else { return nil }
        guard let date = InternetTime.read(text) else {
            refuse(
                field,
                got: "another string",
                rule: "must be an RFC 3339 time such as 2026-11-22T18:30:00Z"
            )
            return nil
        }
        return date
    }
}

extension PublishJob {
    /// Whether a text may be a job's id or an account: 1–128 of `A–Z a–z 0–9 . _ : -`.
    package static func isKey(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

extension DocumentFields {
    /// A name as it may stand in a message: short, and nothing a terminal would act on.
    static func printable(_ field: String) -> String {
        String(
            String.UnicodeScalarView(
                field.unicodeScalars.prefix(64).map { scalar in
                    scalar.properties.generalCategory == .control || !scalar.isASCII ? "?" : scalar
                }
            )
        )
    }
}
