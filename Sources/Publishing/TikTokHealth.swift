internal import FoundationEssentials
internal import HTTP
internal import Synchronization
package import TikTok

/// Notices when TikTok as a whole is away, so that its outage costs no job an attempt and nobody
/// knocks at a closed door a thousand times.
///
/// Its API and its upload hosts are looked at apart: one may be away without the other.
package final class TikTokHealth: Sendable {
    private let state = Mutex<[Side: State]>([:])
    private let api: String
    private let handler = Mutex<(@Sendable (Change) -> Void)?>(nil)

    package enum Side: String, Sendable, CaseIterable {
        case api = "tiktok"
        case uploads = "tiktok_uploads"
    }

    package enum Change: Sendable {
        case away(Side, reason: String)
        case back(Side, after: Duration)
    }

    private struct State {
        /// Calls in a row that found nobody there, and the first of them.
        var failures = 0
        /// Upload addresses, and when each last counted.
        var failing: [String: ContinuousClock.Instant] = [:]
        var failingSince: ContinuousClock.Instant?
        var awaySince: ContinuousClock.Instant?
        var nextProbe = ContinuousClock.now
        var probes = 0

        /// `nil` when the side is not away.
        var untilProbe: Duration? {
            awaySince == nil ? nil : max(.zero, ContinuousClock.now.duration(to: nextProbe))
        }

        mutating func probed(_ pauses: (first: Duration, longest: Duration)) {
            guard awaySince != nil else { return }
            nextProbe = .now + min(pauses.first * (1 << min(probes, 5)), pauses.longest)
            probes += 1
        }
    }

    /// So many calls in a row without one good answer are an outage.
    private static let failuresMax = 5
    /// One upload that fails again and again counts so often: its own address may be to blame.
    private static let uploadCounts = Duration.seconds(60)
    /// While TikTok is away one job is let through now and then, more and more rarely.
    private static let probePauses = (first: Duration.seconds(1), longest: Duration.seconds(30))
    /// An outage that lasts longer is taken for a fault of the jobs: they burn attempts again.
    private static let longest = Duration.seconds(86_400)

    /// - Parameter api: the address of the API; every other address is an upload host.
    package init(api: APIAddress) {
        self.api = api.text
    }

    /// Calls `handler` once when a side goes and once when it is back.
    package func onChange(_ handler: @escaping @Sendable (Change) -> Void) {
        self.handler.withLock { $0 = handler }
    }

    /// Sends a request and looks at how it goes.
    package func watching(_ send: @escaping TikTokAPI.Send) -> TikTokAPI.Send {
        { [self] request throws(HTTPError) in
            let side: Side = request.url.hasPrefix(api) ? .api : .uploads
            do throws(HTTPError) {
                let response = try await send(request)
                let reason = response.status < 500 ? nil : "HTTP \(response.status)"
                note(side, reason, from: request.url)
                return response
            } catch {
                if error.mayBeOutage { note(side, "\(error)", from: request.url) }
                throw error
            }
        }
    }

    func isAway(_ side: Side) -> Bool { state.withLock { $0[side]?.awaySince != nil } }

    /// Whether nobody has got through on some side since before `moment`: then a failure after it
    /// is no fault of the job that met it, unless it has lasted too long for an outage.
    package func wasAway(at moment: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            state.values.contains { side in
                side.failingSince.map {
                    $0 < moment && $0.duration(to: .now) < Self.longest
                } ?? false
            }
        }
    }

    /// How long until one job may try whether a side is back; `nil` when it is not away.
    func nextProbe(of side: Side) -> Duration? {
        state.withLock { $0[side]?.untilProbe }
    }

    /// Says that a job was let through.
    func probes(_ side: Side) {
        state.withLock { $0[side]?.probed(Self.probePauses) }
    }

    /// How long a job that is about to send bytes must wait; `nil`: it may, or tries whether TikTok
    /// takes them again.
    func uploadPause() -> Duration? {
        state.withLock { state in
            guard let left = state[.uploads]?.untilProbe else { return nil }
            guard left > .zero else {
                state[.uploads]?.probed(Self.probePauses)
                return nil
            }
            // Spread, so that those that wait do not all come back at once.
            return left + .milliseconds(Int64.random(in: 0..<5000))
        }
    }

    private func note(_ side: Side, _ reason: String?, from address: String) {
        let change = state.withLock { state -> Change? in
            var now = state[side] ?? State()
            defer { state[side] = now }
            guard let reason else {
                let since = now.awaySince
                now = State()
                return since.map { .back(side, after: $0.duration(to: .now)) }
            }
            now.failingSince = now.failingSince ?? .now
            if side == .uploads {
                if let last = now.failing[address], last + Self.uploadCounts > .now { return nil }
                now.failing[address] = .now
            }
            now.failures += 1
            guard now.failures >= Self.failuresMax, now.awaySince == nil else { return nil }
            now.awaySince = .now
            now.nextProbe = .now + Self.probePauses.first
            return .away(side, reason: reason)
        }
        if let change { handler.withLock { $0 }?(change) }
    }
}
