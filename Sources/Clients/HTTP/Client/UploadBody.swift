/// The body of one request, handed to curl as it asks for bytes.
///
/// Lives on the loop's thread, but for the `read` closure of a stream, which runs in a task.
final class UploadBody {
    /// Bytes asked for at a time; half of it measured clearly slower.
    static let pieceBytes = 512 * 1024
    static let heldPiecesMax = 2

    typealias Read = @Sendable (Int64, Int) async throws -> [UInt8]
    typealias Delivery = @Sendable (Pull, Result<[UInt8], ReadFailure>) async -> Void

    /// Names one call of `read`, so that an answer from before a rewind is told apart.
    struct Pull: Equatable, Sendable {
        let number: Int
        let offset: Int64
        let count: Int
    }

    struct ReadFailure: Error {
        let text: String
    }

    private struct Piece {
        let bytes: [UInt8]
        var consumed = 0
    }

    /// Bytes of the whole body.
    let length: Int64
    /// Whether curl was told to wait for the next piece.
    private(set) var isPaused = false

    private let read: Read?
    private let deliver: Delivery
    private let whole: [UInt8]
    private var pieces: [Piece] = []
    private var consumed: Int64 = 0
    private var pulled: Int64 = 0
    private var current: Pull?
    private var lastNumber = 0
    private var task: Task<Void, Never>?

    /// Takes a body; `deliver` brings an answer of `read` back to the loop.
    init(_ body: HTTPBody, deliver: @escaping Delivery) {
        self.deliver = deliver
        switch body {
        case .none: (length, whole, read) = (0, [], nil)
        case .bytes(let bytes): (length, whole, read) = (Int64(bytes.count), bytes, nil)
        case .stream(let length, let read): (self.length, whole, self.read) = (length, [], read)
        }
        rewind()
    }

    /// Asks for pieces until as many are held or on their way as may be.
    func pull() {
        guard let read, current == nil, pieces.count < Self.heldPiecesMax, pulled < length
        else { return }
        lastNumber += 1
        let count = Int(min(Int64(Self.pieceBytes), length - pulled))
        let pull = Pull(number: lastNumber, offset: pulled, count: count)
        current = pull
        task = Task { @concurrent [deliver] in
            let answer: Result<[UInt8], ReadFailure>
            do {
                let bytes = try await read(pull.offset, pull.count)
                answer =
                    (1...pull.count).contains(bytes.count)
                    ? .success(bytes)
                    : .failure(ReadFailure(text: "\(bytes.count) bytes for \(pull.count)"))
            } catch {
                answer = .failure(ReadFailure(text: String(describing: error)))
            }
            await deliver(pull, answer)
        }
    }

    /// Takes an answer of `read`.
    ///
    /// - Returns: whether curl should go on.
    func accept(
        _ pull: Pull,
        _ answer: Result<[UInt8], ReadFailure>
    ) throws(ReadFailure) -> Bool {
        guard pull == current else { return false }
        current = nil
        let bytes = try answer.get()
        pieces.append(Piece(bytes: bytes))
        pulled += Int64(bytes.count)
        self.pull()
        defer { isPaused = false }
        return isPaused
    }

    /// Copies the next bytes.
    ///
    /// - Returns: how many; 0 at the end; `nil` when there are none yet.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        var filled = 0
        while filled < buffer.count, !pieces.isEmpty {
            let count = copy(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            filled += count
            if pieces[0].consumed == pieces[0].bytes.count { pieces.removeFirst() }
        }
        consumed += Int64(filled)
        pull()
        isPaused = filled == 0 && consumed < length
        return isPaused ? nil : filled
    }

    /// Starts again at the first byte.
    func rewind() {
        task?.cancel()
        current = nil
        consumed = 0
        pulled = 0
        isPaused = false
        pieces = whole.isEmpty ? [] : [Piece(bytes: whole)]
    }

    /// Stops asking; a call of `read` that still runs is cancelled.
    func stop() {
        task?.cancel()
        current = nil
        pieces = []
    }

    private func copy(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let start = pieces[0].consumed
        let count = min(buffer.count, pieces[0].bytes.count - start)
        pieces[0].bytes.withUnsafeBytes { bytes in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]))
        }
        pieces[0].consumed += count
        return count
    }
}
