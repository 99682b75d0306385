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
        /// Calls in a row that found nobody there.
        var failures = 0
        var awaySince: ContinuousClock.Instant?
        var nextProbe = ContinuousClock.now
        var probes = 0
    }

    /// So many calls in a row without one good answer are an outage.
    private static let failuresMax = 5
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
                note(side, response.status < 500 ? nil : "HTTP \(response.status)")
                return response
            } catch {
                if error.mayBeOutage { note(side, "\(error)") }
                throw error
            }
        }
    }

    /// Whether some side is away, and not for so long that it can hardly be an outage.
    package var isAway: Bool {
        state.withLock { state in
            state.values.contains { side in
                side.awaySince.map { $0.duration(to: .now) < Self.longest } ?? false
            }
        }
    }

    /// How long until one job may try whether TikTok is back; `nil` when it is not away.
    package var nextProbe: Duration? {
        state.withLock { state in
            let away = state.values.filter { $0.awaySince != nil }
            return away.map { max(.zero, ContinuousClock.now.duration(to: $0.nextProbe)) }.max()
        }
    }

    /// Says that a job was let through.
    package func probes() {
        state.withLock { state in
            for side in Side.allCases where state[side]?.awaySince != nil {
                let probes = state[side]?.probes ?? 0
                let pause = Self.probePauses.first * (1 << min(probes, 5))
                state[side]?.probes = probes + 1
                state[side]?.nextProbe = .now + min(pause, Self.probePauses.longest)
            }
        }
    }

    private func note(_ side: Side, _ reason: String?) {
        let change = state.withLock { state -> Change? in
            var now = state[side] ?? State()
            defer { state[side] = now }
            guard let reason else {
                let since = now.awaySince
                now = State()
                return since.map { .back(side, after: $0.duration(to: .now)) }
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
