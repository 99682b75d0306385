/// One rule that a job document breaks.
///
/// Names the field, what was there and the rule, and never repeats the value: it may be personal.
package struct BrokenRule: Sendable, Equatable, CustomStringConvertible {
    /// The field's name, or empty for the document as a whole.
    package let field: String
    /// What was there, in words: `a string of 2300 UTF-16 units`.
    package let got: String
    package let rule: String

    package var description: String {
        (field.isEmpty ? "document" : field) + ": \(rule); got \(got)"
    }
}

/// A document that cannot become a job.
package struct BrokenDocument: Error, Sendable, CustomStringConvertible {
    /// The id, when that much could be read: then the refusal gets a history row.
    package let id: String?
    package let account: String?
    package let rules: [BrokenRule]

    package var description: String {
        rules.map(\.description).joined(separator: " · ")
    }
}
