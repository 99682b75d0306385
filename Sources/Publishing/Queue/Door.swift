internal import Synchronization

/// Lets one waiter of a worker sleep on Redis only while the worker has nothing to do.
///
/// A waiter that slept beside a busy worker would fetch what others should take.
final class Door: Sendable {
    private let isOpenNow = Atomic(false)
    private let pokes = Pokes()

    var isOpen: Bool { isOpenNow.load(ordering: .acquiring) }

    func open() {
        isOpenNow.store(true, ordering: .releasing)
        pokes.poke()
    }

    func close() {
        isOpenNow.store(false, ordering: .releasing)
    }

    /// Ends whoever waits, however the door stands.
    func wake() { pokes.poke() }

    /// Returns when the door was opened, or after `limit`.
    func wait(atMost limit: Duration) async {
        await pokes.wait(atMost: limit)
    }
}
