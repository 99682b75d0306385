internal import Files

/// Takes settings from the environment and keeps every problem, so that all are told at once.
struct SettingReader {
    /// One thing that is wrong with one setting; never repeats a secret's value.
    struct Problem: Equatable, CustomStringConvertible {
        let setting: String
        let rule: String

        var description: String { "\(setting): \(rule)" }
    }

    private let values: [String: String]
    private(set) var problems: [Problem] = []

    init(_ values: [String: String]) {
        self.values = values
    }

    /// Notes a problem; one that is known already, because the setting was read twice, once only.
    mutating func refuse(_ setting: Setting, _ rule: String) {
        let problem = Problem(setting: setting.name, rule: rule)
        if !problems.contains(problem) { problems.append(problem) }
    }

    /// The value, from the variable itself or, for a secret, from the file that `NAME_FILE` names.
    ///
    /// An empty variable counts as not set.
    mutating func text(_ setting: Setting) -> String? {
        let direct = values[setting.name].flatMap { $0.isEmpty ? nil : $0 }
        guard setting.isSecret, let path = values[setting.name + "_FILE"], !path.isEmpty else {
            return direct ?? (setting.fallback.isEmpty ? nil : setting.fallback)
        }
        guard direct == nil else {
            refuse(setting, "is set, and so is \(setting.name)_FILE; set one of them")
            return nil
        }
        do {
            let bytes = try WholeFile.read(path, limit: 64 * 1024)
            var text = Substring(decoding: bytes, as: UTF8.self)
            while text.last?.isWhitespace == true { text.removeLast() }
            guard text.isEmpty else { return String(text) }
            refuse(setting, "the file that \(setting.name)_FILE names is empty")
        } catch {
            refuse(setting, "the file that \(setting.name)_FILE names cannot be read: \(error)")
        }
        return nil
    }

    mutating func required(_ setting: Setting, _ hint: String) -> String? {
        let before = problems.count
        let value = text(setting)
        if value == nil, problems.count == before { refuse(setting, "is required; \(hint)") }
        return value
    }

    /// A whole number within its bounds; the fallback stands in for a refused one.
    mutating func whole(_ setting: Setting, _ range: ClosedRange<Int>) -> Int {
        let fallback = Int(setting.fallback) ?? range.lowerBound
        guard let text = text(setting) else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            refuse(
                setting,
                "must be a whole number from \(range.lowerBound) to \(range.upperBound), "
                    + "not '\(text.prefix(40))'"
            )
            return fallback
        }
        return number
    }

    mutating func seconds(_ setting: Setting, _ range: ClosedRange<Int>) -> Duration {
        .seconds(whole(setting, range))
    }

    /// One of a few words.
    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ setting: Setting,
        as _: Word.Type
    ) -> Word? where Word.RawValue == String {
        guard let text = text(setting) else { return nil }
        guard let word = Word(rawValue: text.lowercased()) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            refuse(setting, "must be one of \(words), not '\(text.prefix(40))'")
            return nil
        }
        return word
    }

    /// Comma-separated items without the blanks around them.
    mutating func list(_ setting: Setting) -> [String] {
        (text(setting) ?? "").split(separator: ",").compactMap { item in
            let words = item.split(whereSeparator: \.isWhitespace)
            return words.isEmpty ? nil : words.joined(separator: " ")
        }
    }

    /// Turns a text into a value of its own type, whose error says what is allowed.
    mutating func value<Value, Problem: Error>(
        _ setting: Setting,
        _ make: (String) throws(Problem) -> Value
    ) -> Value? {
        guard let text = text(setting) else { return nil }
        do throws(Problem) {
            return try make(text)
        } catch {
            refuse(setting, "\(error)")
            return nil
        }
    }
}
