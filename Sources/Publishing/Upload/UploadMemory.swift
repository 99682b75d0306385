internal import Synchronization

/// Keeps the buffers of all media in this process together below a ceiling: whoever finds no room
/// waits in line for a moment, and then gives up.
///
/// What comes from addresses may be slow for as long as its host likes, so it has a share of its
/// own: then only others from addresses wait for it, and files never do.
package final class UploadMemory: Sendable {
    private let state: Mutex<State>
    private let ceiling: Int
    private let share: Int
    private let patience: Duration

    /// Where the bytes come from.
    enum Use: Sendable {
        case file, address
    }

    private struct State {
        var free: Int
        /// Of the addresses' share.
        var freeForAddresses: Int
        var lastNumber = 0
        var line: [Waiter] = []
        /// Who left the line with room; until they wake up.
        var served: Set<Int> = []

        /// Takes the first in line, where there is room.
        ///
        /// Who waits for the addresses' share lets files pass; who waits for any room, nobody.
        mutating func next() -> Waiter? {
            var isShareTaken = false
            for (place, waiter) in line.enumerated() {
                if waiter.use == .address, isShareTaken || waiter.bytes > freeForAddresses {
                    isShareTaken = true
                    continue
                }
                guard waiter.bytes <= free else { return nil }
                free -= waiter.bytes
                if waiter.use == .address { freeForAddresses -= waiter.bytes }
                served.insert(waiter.number)
                return line.remove(at: place)
            }
            return nil
        }
    }

    private struct Waiter {
        let number: Int
        let bytes: Int
        let use: Use
        let continuation: CheckedContinuation<Void, Never>
    }

    /// What one upload of a file holds: the client's buffer, the piece on its way to it, and the
    /// one that is being hashed (`UploadBody.pieceBytes` each), with as much again to spare.
    static let bytesOfFile = 3 << 20
    /// One from an address also holds two pieces of `ReadAhead`, and what is being received.
    static let bytesOfAddress = 16 << 20
    /// What a look at the headers of a file behind an address holds at most:
    /// `ProbeReader.bytesMax`, and what came with the opening.
    static let bytesOfProbe = 1 << 20
    /// A picture from a server that ignores ranges, whole.
    static let bytesOfWholePhoto = bytesOfProbe + RemoteLimits.wholePhoto.wholeBytes

    /// - Parameters:
    ///   - ceiling: in bytes, 16 MiB at least.
    ///   - share: what addresses get of it; half unless given, but room for one upload.
    ///   - patience: how long anybody stands in line; 10 s unless given.
    package init(ceiling: Int, share: Int? = nil, patience: Duration? = nil) {
        self.ceiling = ceiling
        self.share = min(share ?? max(ceiling / 2, Self.bytesOfAddress), ceiling)
        self.patience = patience ?? .seconds(10)
        state = Mutex(State(free: ceiling, freeForAddresses: self.share))
    }

    /// Room for one upload's buffers, given back with the last owner.
    final class Room: Sendable {
        private let memory: UploadMemory
        private let bytes: Int
        private let use: Use

        fileprivate init(_ memory: UploadMemory, _ bytes: Int, _ use: Use) {
            self.memory = memory
            self.bytes = bytes
            self.use = use
        }

        deinit {
            memory.give(bytes, use)
        }
    }

    /// Bytes that nobody holds, and how many wait for some.
    var standing: (free: Int, waiting: Int) {
        state.withLock { ($0.free, $0.line.count) }
    }

    /// Waits a moment for room, first come first served.
    ///
    /// - Throws: `.noRoom` when there was none in time; `.lost` when the task was cancelled.
    func room(for bytes: Int, of use: Use) async throws(Stop) -> Room {
        let bytes = min(bytes, use == .file ? ceiling : share)
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let alarm = Task { [patience] in
            // Cancelled: there was room.
            guard (try? await Task.sleep(for: patience)) != nil else { return }
            leave(number)
        }
        defer { alarm.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                enter(Waiter(number: number, bytes: bytes, use: use, continuation: continuation))
                // The handler may have run before there was anybody to find.
                if Task.isCancelled { leave(number) }
            }
        } onCancel: {
            leave(number)
        }
        let hasRoom = state.withLock { $0.served.remove(number) != nil }
        guard hasRoom else {
            throw Task.isCancelled ? .lost : .noRoomNow
        }
        return Room(self, bytes, use)
    }

    private func enter(_ waiter: Waiter) {
        state.withLock { $0.line.append(waiter) }
        serve()
    }

    private func leave(_ number: Int) {
        let waiter = state.withLock { state -> Waiter? in
            guard let place = state.line.firstIndex(where: { $0.number == number }) else {
                return nil
            }
            return state.line.remove(at: place)
        }
        waiter?.continuation.resume()
        // Behind a large one that left, there may be room for small ones.
        serve()
    }

    private func give(_ bytes: Int, _ use: Use) {
        state.withLock { state in
            state.free += bytes
            if use == .address { state.freeForAddresses += bytes }
        }
        serve()
    }

    private func serve() {
        while let waiter = state.withLock({ $0.next() }) { waiter.continuation.resume() }
    }
}
