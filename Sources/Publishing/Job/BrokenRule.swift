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
    /// The Celery message that brought it, as far as it could be read.
    package var task: CeleryMessage?
    /// What its caller is told, where Celery has an exception of its own for it.
    package var exception: CeleryException?

    /// The column `source`: how it came.
    var source: String { task == nil ? "json" : "celery" }

    package var description: String {
        rules.map(\.description).joined(separator: " · ")
    }
}
