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

extension RedisClient {
    /// Runs a script by its digest, and loads it first where the server does not have it.
    ///
    /// - Parameters:
    ///   - script: known by its source.
    ///   - keys: the script's `KEYS`.
    ///   - arguments: the script's `ARGV`.
    ///   - timeout: for each of the at most three commands this takes.
    /// - Returns: what the script returns.
    /// - Throws: as `send`.
    package func run(
        _ script: RedisScript,
        keys: [String],
        arguments: [RedisArgument] = [],
        timeout: Duration? = nil
    ) async throws(RedisError) -> RedisValue {
        let operands =
            [.integer(Int64(keys.count))] + keys.map { RedisArgument.text($0) } + arguments
        if let digest = digests[script] {
            do throws(RedisError) {
                return try await send(["EVALSHA", .text(digest)] + operands, timeout: timeout)
            } catch {
                guard error.failure?.code == "NOSCRIPT" else { throw error }
            }
        }
        let loaded = try await send(["SCRIPT", "LOAD", .text(script.source)], timeout: timeout)
        guard let digest = loaded.text else {
            throw .refused(RedisFailure(code: "", message: "SCRIPT LOAD answered no digest"))
        }
        digests[script] = digest
        return try await send(["EVALSHA", .text(digest)] + operands, timeout: timeout)
    }
}
