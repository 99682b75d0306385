internal import Files
internal import JSON

/// Job documents that a person gives to a command.
enum JobDocuments {
    /// Most bytes of input: 1,000 documents of the largest size.
    private static let inputBytesMax = 256 << 20

    /// What to say of an input without any.
    static let none = "no document in the input"

    /// One document, or one on each line.
    ///
    /// - Parameter path: `-` for standard input.
    static func read(_ path: String) throws -> [[UInt8]] {
        let bytes =
            path == "-"
            ? try WholeFile.readStandardInput(limit: inputBytesMax)
            : try WholeFile.read(path, limit: inputBytesMax)
        if (try? JSONValue(parsing: bytes)) != nil { return [bytes] }
        let lines = bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
        return lines.filter { line in line.contains { $0 > 0x20 } }
    }
}
