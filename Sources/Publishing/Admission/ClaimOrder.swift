internal import Synchronization

/// Lets the jobs of one account ask admission in the order in which they were claimed.
///
/// Turns run side by side; without this, whichever is quickest would get the account's slot. A turn
/// leaves when admission has answered, or when it ends without asking, so nobody waits for longer
/// than another's questions to the servers take.
final class ClaimOrder: Sendable {
    private struct State {
        /// Fences of jobs whose account nobody has read yet.
        var unread: Set<Int64> = []
        /// Of those that have yet to be admitted, by account, the first first.
        var lines: [String: [Int64]] = [:]
        var waiting: [Int64: (account: String, CheckedContinuation<Void, Never>)] = [:]

        /// Any job before this one may be of the same account.
        var firstUnread: Int64 { unread.min() ?? .max }

        func mayAsk(_ fence: Int64, of account: String, before unread: Int64) -> Bool {
            fence < unread && lines[account]?.first ?? .max >= fence
        }

        /// Those whose turn it is now.
        mutating func release() -> [CheckedContinuation<Void, Never>] {
            let unread = firstUnread
            let ready = waiting.filter { mayAsk($0.key, of: $0.value.account, before: unread) }
            for fence in ready.keys { waiting[fence] = nil }
            return ready.values.map(\.1)
        }
    }

    private let state = Mutex(State())

    /// A job has been claimed; those that were claimed before have been told of already.
    func claimed(_ claim: Claim) {
        guard claim.stage == .post else { return }
        state.withLock { _ = $0.unread.insert(claim.fence) }
    }

    /// Its document has been read.
    func read(_ claim: Claim, account: String) {
        change { state in
            guard state.unread.remove(claim.fence) != nil else { return }
            var line = state.lines[account] ?? []
            line.insert(claim.fence, at: line.firstIndex { $0 > claim.fence } ?? line.count)
            state.lines[account] = line
        }
    }

    /// Returns when no job of the account is to ask before this one.
    func wait(for claim: Claim, of account: String) async {
        await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state in
                let unread = state.firstUnread
                if state.mayAsk(claim.fence, of: account, before: unread) { return true }
                state.waiting[claim.fence] = (account, continuation)
                return false
            }
            if isFirst { continuation.resume() }
        }
    }

    /// Admission has answered it, or will not be asked; may be said twice.
    func leave(_ claim: Claim, of account: String?) {
        change { state in
            state.unread.remove(claim.fence)
            guard let account else { return }
            state.lines[account]?.removeAll { $0 == claim.fence }
            if state.lines[account]?.isEmpty == true { state.lines[account] = nil }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let ready = state.withLock { state in
            body(&state)
            return state.release()
        }
        for continuation in ready { continuation.resume() }
    }
}
