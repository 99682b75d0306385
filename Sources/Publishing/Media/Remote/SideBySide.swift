/// Steps that do not depend on each other, a few at once.
///
/// They end as if one had run after the other: with the stop of the first in order that has one.
enum SideBySide {
    /// How one of the steps ended, or that time is up.
    private struct End: Sendable {
        /// `nil`: time is up.
        let index: Int?
        let stop: Stop?
    }

    /// - Parameters:
    ///   - count: how many steps there are.
    ///   - width: how many run at once.
    ///   - limit: for all of them together.
    ///   - overdue: the stop of a step that time ran out for.
    static func run(
        _ count: Int,
        atMost width: Int,
        within limit: Duration,
        overdue: (Int) -> Stop,
        _ step: @escaping @Sendable (Int) async throws(Stop) -> Void
    ) async throws(Stop) {
        var first: (index: Int, stop: Stop)?
        var running: Set<Int> = []
        await withTaskGroup(of: End.self) { group in
            group.addTask {
                // Cancelled: nobody waits for it any more.
                try? await Task.sleep(for: limit)
                return End(index: nil, stop: nil)
            }
            var next = 0
            while true {
                while running.count < width, next < first?.index ?? count {
                    let index = next
                    group.addTask { await end(of: index, step) }
                    running.insert(index)
                    next += 1
                }
                guard let slowest = running.min(), let end = await group.next() else { break }
                guard let index = end.index else {
                    first = (slowest, overdue(slowest))
                    break
                }
                running.remove(index)
                if let stop = end.stop, index < first?.index ?? count { first = (index, stop) }
                // What comes after it does not count any more.
                if let first, running.allSatisfy({ $0 > first.index }) { break }
            }
            group.cancelAll()
        }
        // Given up, a step may have ended by that before it was heard of.
        if let first { throw Task.isCancelled ? .lost : first.stop }
    }

    private static func end(
        of index: Int,
        _ step: @Sendable (Int) async throws(Stop) -> Void
    ) async -> End {
        do throws(Stop) {
            try await step(index)
            return End(index: index, stop: nil)
        } catch {
            return End(index: index, stop: error)
        }
    }
}
