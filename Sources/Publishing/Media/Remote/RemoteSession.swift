internal import HTTP
internal import Synchronization

/// Fetches ranges of one file, with tries and deadlines of its own.
final class RemoteSession: Sendable {
    let limits: RemoteLimits
    private let client: GuardedClient
    private let url: GuardedURL
    /// Where the checked addresses lead; asked for anew after trouble.
    private let known = Mutex<Destination?>(nil)

    init(_ url: GuardedURL, through client: GuardedClient, limits: RemoteLimits) {
        self.url = url
        self.client = client
        self.limits = limits
    }

    /// Fetches a range.
    ///
    /// - Parameters:
    ///   - pinned: the file it must belong to; `nil` for the first request.
    ///   - bodyBytes: how much may come.
    func fetch(
        _ range: Range<Int64>,
        of pinned: RemoteIdentity?,
        bodyBytes: Int
    ) async throws(Stop) -> (bytes: [UInt8], identity: RemoteIdentity) {
        var failure = Failure.mediaHostAway("nobody asked it")
        for attempt in 0..<limits.tries {
            if attempt > 0 { await pause(before: attempt) }
            guard !Task.isCancelled else { throw .lost }
            switch await ask(for: range, of: pinned, bodyBytes: bodyBytes) {
            case .piece(let bytes, let identity): return (bytes, identity)
            case .final(let stop): throw stop
            case .passing(let trouble): failure = trouble
            }
            known.withLock { $0 = nil }
            // A durable timer waits that long, not this task.
            if let wait = failure.retryAfter, wait > limits.patience { break }
        }
        throw .failed(failure)
    }

    private func ask(
        for range: Range<Int64>,
        of pinned: RemoteIdentity?,
        bodyBytes: Int
    ) async -> RangeReply {
        do {
            let destination = try await destination()
            let request = request(for: range, of: pinned, bodyBytes: bodyBytes)
            let response = try await client.send(request, to: destination)
            return RangeReply(response, asked: range, pinned: pinned)
        } catch let error as HTTPError {
            return RangeReply(error, pinned: pinned, limits: limits)
        } catch let error as DestinationError {
            return RangeReply(error)
        } catch {
            return .passing(.mediaHostAway("the request could not be sent"))
        }
    }

    private func destination() async throws -> Destination {
        if let destination = known.withLock(\.self) { return destination }
        let destination = try await client.destination(of: url)
        known.withLock { $0 = destination }
        return destination
    }

    private func request(
        for range: Range<Int64>,
        of pinned: RemoteIdentity?,
        bodyBytes: Int
    ) -> HTTPRequest {
        var request = HTTPRequest("GET", url.url.text)
        request.headers.add("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
        request.headers.add("Accept-Encoding", "identity")
        for condition in pinned?.conditions ?? [] {
            request.headers.add(condition.name, condition.value)
        }
        request.limits.firstResponseByte = limits.firstResponseByte
        request.limits.stalledAfter = limits.stalledAfter
        request.limits.total =
            limits.firstResponseByte + .seconds(bodyBytes / limits.slowestBytesPerSecond)
        request.limits.responseBodyBytes = bodyBytes
        return request
    }

    private func pause(before attempt: Int) async {
        let longest = limits.firstPause * (1 << min(attempt - 1, 5))
        // Only cancellation throws, and the caller asks for it next.
        try? await Task.sleep(for: longest * Double.random(in: 0.5..<1))
    }
}

/// Bounds of reading a file behind an address.
package struct RemoteLimits: Sendable {
    /// Read with the opening, in bytes: the headers of most files.
    package var firstBytes = 64 * 1024
    /// Largest file taken from a server that ignores ranges, in bytes.
    package var wholeBytes = 64 * 1024
    /// Largest file that TikTok takes, in bytes; `nil`: it is looked at elsewhere.
    package var mostBytes: Int64?
    /// Tries of one range within one read.
    package var tries = 4
    /// Longest wait before the second try; it doubles.
    package var firstPause = Duration.milliseconds(500)
    /// A server that asks for a longer wait is not asked again within this read.
    package var patience = Duration.seconds(10)
    package var firstResponseByte = Duration.seconds(20)
    package var stalledAfter = Duration.seconds(15)
    /// Slower than this, a range is given up: a trickle must not keep a job for ever.
    package var slowestBytesPerSecond = 65_536

    package init() {}
}

extension RangeReply {
    /// What it means that nobody knows where the host is.
    init(_ error: DestinationError) {
        switch error {
        case .refused(let refusal): self = .final(.refused(.mediaURLRefused(refusal.description)))
        case .unresolved(.cancelled): self = .final(.lost)
        // Other names' fault: it uses up no attempt.
        case .unresolved(.busy): self = .final(.noRoomNow)
        case .unresolved(.unknownHost): self = .passing(.mediaHostAway("its name is not known"))
        case .unresolved(.unanswered):
            self = .passing(.mediaHostAway("its name cannot be resolved now"))
        }
    }
}
