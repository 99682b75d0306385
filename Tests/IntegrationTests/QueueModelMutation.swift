import Testing

/// One guard taken out of the scripts; the model must find out that it is missing.
struct QueueModelMutation: Sendable, CustomTestStringConvertible {
    /// What the scripts then do.
    let name: String
    /// As `Scripts` calls it.
    let script: String
    let text: String
    let instead: String
    /// The first seed that is tried: known to find it.
    let seed: Int

    var testDescription: String { name }

    init(
        _ name: String,
        in script: String,
        _ text: String,
        _ instead: String = "",
        seed: Int = 1
    ) {
        self.name = name
        self.script = script
        self.text = text
        self.instead = instead
        self.seed = seed
    }

    func edit(_ name: String, _ source: String) -> String {
        name == script ? source.replacing(text, with: instead, maxReplacements: 1) : source
    }

    static let all = fences + leases + claims + slots + limits + people
}
