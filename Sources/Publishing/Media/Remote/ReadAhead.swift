/// Reads a source in large pieces, one of them ahead: while a piece is sent the next one comes in.
///
/// Holds two pieces, whatever the size of the source. For reading in order; elsewhere it works too,
/// at the price of whole pieces.
package actor ReadAhead: ByteSource {
    package nonisolated let size: Int64
    private let source: any ByteSource
    private let pieceBytes: Int64
    private var pieces: [Int64: Task<Result<[UInt8], Stop>, Never>] = [:]

    /// - Parameter pieceBytes: read at once.
    package init(_ source: any ByteSource, pieceBytes: Int = 4 << 20) {
        precondition(pieceBytes > 0, "an empty piece")
        self.source = source
        self.pieceBytes = Int64(pieceBytes)
        size = source.size
    }

    deinit {
        for piece in pieces.values { piece.cancel() }
    }

    package func read(at offset: Int64, count: Int) async throws(Stop) -> [UInt8] {
        let end = min(offset + Int64(count), size)
        var bytes: [UInt8] = []
        var place = offset
        while place >= 0, place < end {
            let index = place / pieceBytes
            let piece = try await piece(index)
            let first = Int(place - index * pieceBytes)
            let last = min(piece.count, Int(end - index * pieceBytes))
            // The source became shorter; whoever asked sees it by the count.
            guard first < last else { break }
            bytes += piece[first..<last]
            place += Int64(last - first)
        }
        return bytes
    }

    private func piece(_ index: Int64) async throws(Stop) -> [UInt8] {
        while true {
            for (other, piece) in pieces where other != index && other != index + 1 {
                piece.cancel()
                pieces[other] = nil
            }
            let task = begin(index)
            let result = await withTaskCancellationHandler {
                await task.value
            } onCancel: {
                task.cancel()
            }
            switch result {
            case .success(let bytes):
                if (index + 1) * pieceBytes < size { _ = begin(index + 1) }
                return bytes
            case .failure(let stop):
                if pieces[index] == task { pieces[index] = nil }
                // Given up by an earlier reader of the same piece, and not by this one.
                if case .lost = stop, task.isCancelled, !Task.isCancelled { continue }
                throw stop
            }
        }
    }

    private func begin(_ index: Int64) -> Task<Result<[UInt8], Stop>, Never> {
        if let begun = pieces[index] { return begun }
        let first = index * pieceBytes
        let count = Int(min(pieceBytes, size - first))
        let task = Task { [source] in
            do throws(Stop) {
                return Result<[UInt8], Stop>.success(try await source.read(at: first, count: count))
            } catch {
                return .failure(error)
            }
        }
        pieces[index] = task
        return task
    }
}
