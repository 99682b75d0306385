internal import Synchronization

/// Keeps the buffers of all uploads of this process together below a ceiling: whoever finds no room
/// waits in line.
///
/// Uploads give room back within minutes, so nobody waits longer than a few of them; a drain ends
/// those that hold room first.
package final class UploadMemory: Sendable {
    private let state: Mutex<State>
    private let ceiling: Int

    private struct State {
        var free: Int
        var lastNumber = 0
        var line: [Waiter] = []
        /// Who left the line with room; until they wake up.
        var served: Set<Int> = []

        /// Takes the first in line, where there is room.
        mutating func next() -> Waiter? {
            guard let first = line.first, first.bytes <= free else { return nil }
            free -= first.bytes
            served.insert(first.number)
            return line.removeFirst()
        }
    }

    private struct Waiter {
        let number: Int
        let bytes: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    /// What one upload of a file holds: the client's buffer, the piece on its way to it, and the
    /// one that is being hashed (`UploadBody.pieceBytes` each), with as much again to spare.
    static let bytesOfFile = 3 << 20
    /// One from an address also holds two pieces of `ReadAhead`, and what is being received.
    static let bytesOfAddress = 16 << 20

    /// - Parameter ceiling: in bytes, 16 MiB at least.
    package init(ceiling: Int) {
        self.ceiling = ceiling
        state = Mutex(State(free: ceiling))
    }

    /// Room for one upload's buffers, given back with the last owner.
    final class Room: Sendable {
        private let memory: UploadMemory
        private let bytes: Int

        fileprivate init(_ memory: UploadMemory, _ bytes: Int) {
            self.memory = memory
            self.bytes = bytes
        }

        deinit {
            memory.give(bytes)
        }
    }

    /// Bytes that nobody holds, and how many wait for some.
    var standing: (free: Int, waiting: Int) {
        state.withLock { ($0.free, $0.line.count) }
    }

    /// Waits for room, first come first served.
    ///
    /// - Returns: `nil` when the task was cancelled meanwhile.
    func room(for bytes: Int) async -> Room? {
        let bytes = min(bytes, ceiling)
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                enter(Waiter(number: number, bytes: bytes, continuation: continuation))
                // The handler may have run before there was anybody to find.
                if Task.isCancelled { leave(number) }
            }
        } onCancel: {
            leave(number)
        }
        let hasRoom = state.withLock { $0.served.remove(number) != nil }
        return hasRoom ? Room(self, bytes) : nil
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

    private func give(_ bytes: Int) {
        state.withLock { $0.free += bytes }
        serve()
    }

    private func serve() {
        while let waiter = state.withLock({ $0.next() }) { waiter.continuation.resume() }
    }
}
