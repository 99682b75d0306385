package import Files

/// Bytes of known number that are read in pieces: a file, or what ranged requests bring.
package protocol ByteSource: Sendable {
    /// How many bytes there are.
    var size: Int64 { get }

    /// Reads a piece that lies within `size`.
    ///
    /// - Returns: as many bytes as asked for; fewer only when the source became shorter.
    /// - Throws: what the failed read means for the job.
    func read(at offset: Int64, count: Int) async throws(Stop) -> [UInt8]
}

/// An open file as such bytes.
package struct FileSource: ByteSource {
    let file: OpenFile

    package init(_ file: OpenFile) {
        self.file = file
    }

    package var size: Int64 { file.identity.size }

    package func read(at offset: Int64, count: Int) async throws(Stop) -> [UInt8] {
        do throws(FileError) {
            return try await file.read(at: offset, count: count)
        } catch {
            throw Stop(error)
        }
    }
}
