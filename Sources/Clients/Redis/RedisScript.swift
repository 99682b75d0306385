/// A Lua script, sent to the server once and called by its digest from then on.
package struct RedisScript: Sendable, Equatable {
    /// Shown in errors; scripts with the same name and different sources are told apart.
    package let name: String
    package let source: String

    package init(name: String, source: String) {
        self.name = name
        self.source = source
    }
}

/// The digests that servers have answered to `SCRIPT LOAD`.
///
/// A digest depends on the source alone, so it stays true for every server and connection; whether
/// a server still holds the script, only its `NOSCRIPT` tells.
struct ScriptDigests {
    private var known: [String: (source: String, digest: String)] = [:]

    subscript(script: RedisScript) -> String? {
        get {
            guard let entry = known[script.name], entry.source == script.source else { return nil }
            return entry.digest
        }
        set {
            known[script.name] = newValue.map { (script.source, $0) }
        }
    }
}
