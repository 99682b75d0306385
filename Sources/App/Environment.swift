internal import Files
internal import FoundationEssentials

/// The process's environment over a `.env` file; the environment wins.
enum Environment {
    /// Reads settings for a command, and warns about variables that look misspelt.
    static func settings(_ arguments: Arguments, _ console: Console) throws -> Settings {
        let values = try merged(arguments)
        for suspect in Misspelling.find(in: values.keys) {
            console.err("warning: \(suspect.name) is no setting; did you mean \(suspect.meant)?")
        }
        return try Settings(values)
    }

    /// The values as they are, unchecked.
    static func merged(_ arguments: Arguments) throws -> [String: String] {
        let environment = ProcessInfo.processInfo.environment
        let path = arguments["--env-file"] ?? ".env"
        do {
            let bytes = try WholeFile.read(path, limit: 1 << 20)
            let file = try EnvironmentFile.read(String(decoding: bytes, as: UTF8.self))
            return file.merging(environment) { _, own in own }
        } catch FileError.notFound where arguments["--env-file"] == nil {
            return environment
        } catch {
            throw CommandFailure("\(path): \(error)", code: .badConfiguration)
        }
    }
}
