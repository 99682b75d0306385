internal import Glibc
internal import Synchronization

/// A descriptor that is closed once: by `close`, or with its last owner.
final class HeldDescriptor: Sendable {
    let number: CInt
    private let isClosed = Atomic(false)

    init(_ number: CInt) {
        self.number = number
    }

    deinit { close() }

    func close() {
        if !isClosed.exchange(true, ordering: .acquiringAndReleasing) { _ = Glibc.close(number) }
    }
}

/// A pipe that nothing is written to: its reader learns when the last writer is gone.
struct LifelinePipe {
    let readEnd: HeldDescriptor
    let writeEnd: HeldDescriptor

    init() throws(ProcessError) {
        var ends: [CInt] = [-1, -1]
        guard pipeWithFlags(&ends, O_CLOEXEC) == 0 else {
            throw .system(call: "pipe2", reason: ProcessError.reason(errno))
        }
        readEnd = HeldDescriptor(ends[0])
        writeEnd = HeldDescriptor(ends[1])
    }
}
