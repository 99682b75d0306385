internal import CCurl
internal import EventLoop
internal import Glibc

/// One request on its way.
///
/// Lives on the loop's thread.
///
/// curl calls back while the client is inside one of curl's functions, so callbacks only note what
/// happened; the client reads it afterwards.
final class Transfer {
    /// A counter and never a pointer: curl uses addresses again, and a cancellation that comes a
    /// moment late must not hit a stranger.
    struct ID: Hashable, Sendable {
        let number: UInt64
    }

    let id: ID
    let checked: CheckedRequest
    let body: UploadBody
    let easy: EasyHandle
    /// Set once the client has handed the transfer to curl.
    var isStarted = false
    var timer: LoopTimer?

    private var response: ResponseCollector
    private var watchdog: Watchdog
    /// Why a callback made curl stop.
    private var fault: HTTPError?
    private var refusedAddress: String?
    /// How often a connection was ready for the request; more than one when curl repeats it.
    private var attempts = 0
    private var reportedBytes: Int64 = 0
    private let onProgress: (@Sendable (Int64) -> Void)?
    private let answer: Wait<Result<HTTPResponse, HTTPError>>

    init(
        _ id: ID,
        _ checked: CheckedRequest,
        easy: consuming EasyHandle,
        deliver: @escaping UploadBody.Delivery,
        onProgress: (@Sendable (Int64) -> Void)?,
        answer: Wait<Result<HTTPResponse, HTTPError>>
    ) {
        self.id = id
        self.checked = checked
        self.easy = easy
        self.onProgress = onProgress
        self.answer = answer
        body = UploadBody(checked.request.body, deliver: deliver)
        response = ResponseCollector(limits: checked.request.limits)
        watchdog = Watchdog(limits: checked.request.limits, now: .now)
    }

    /// Ends the transfer for the caller.
    ///
    /// curl must have let go of it.
    func finish(_ result: Result<HTTPResponse, HTTPError>) {
        body.stop()
        answer.end(result)
    }

    /// What the transfer has come to when curl is done with it.
    func result(_ code: CURLcode) -> Result<HTTPResponse, HTTPError> {
        if let fault { return .failure(fault) }
        guard code == CURLE_OK else { return .failure(error(code)) }
        do {
            return .success(try response.response(bytesSent: easy.sentBodyBytes))
        } catch {
            return .failure(error)
        }
    }

    // MARK: State

    /// Whether some of the request may have left.
    var mayHaveArrived: Bool {
        attempts > 0 && easy.sentRequestBytes > 0
    }

    var interval: Duration { watchdog.interval }

    /// Looks whether the transfer takes too long.
    func watch(now: ContinuousClock.Instant) -> HTTPError? {
        let sample = sample
        return watchdog.look(sample, now: now)
    }

    private var sample: Watchdog.Sample {
        let sent = easy.sentBodyBytes
        let unacknowledged = attempts > 0 ? easy.unacknowledgedBytes : 0
        return Watchdog.Sample(
            phase: phase(sent: sent, unacknowledged: unacknowledged),
            sentBytes: sent,
            receivedBytes: response.receivedBytes,
            unacknowledgedBytes: unacknowledged
        )
    }

    private func phase(sent: Int64, unacknowledged: CInt) -> HTTPPhase {
        guard isStarted else { return .waitingForTurn }
        guard attempts > 0 else { return .connecting }
        if response.hasBegun { return .receiving }
        if body.isPaused { return .readingBody }
        return sent < body.length || unacknowledged > 0 ? .sending : .waitingForResponse
    }

    private func error(_ code: CURLcode) -> HTTPError {
        if let refusedAddress, attempts == 0 { return .refusedAddress(refusedAddress) }
        let sample = sample
        return CurlFailure(
            code: code,
            text: easy.text(of: code),
            phase: sample.phase,
            bytesSent: sample.sentBytes,
            requestMayHaveArrived: mayHaveArrived
        ).error
    }

    // MARK: What curl reports

    /// Gives curl the next bytes of the body.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        body.fill(buffer) ?? Int(CURL_READFUNC_PAUSE)
    }

    /// Goes back in the body, because curl sends the request again on a fresh connection.
    func seek(to offset: Int64) -> CInt {
        guard offset == 0 else { return CURL_SEEKFUNC_FAIL }
        body.rewind()
        return CURL_SEEKFUNC_OK
    }

    /// Takes a line of the answer's header; `false` stops curl.
    func addHeaderLine(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do {
            try response.addLine(bytes)
            return true
        } catch {
            fault = error
            return false
        }
    }

    /// Takes bytes of the answer's body; `false` stops curl.
    func addBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do {
            try response.addBody(bytes)
            return true
        } catch {
            fault = error
            return false
        }
    }

    func reportProgress(_ sentBytes: Int64) {
        guard sentBytes != reportedBytes else { return }
        reportedBytes = sentBytes
        onProgress?(sentBytes)
    }

    /// Opens a socket if the address is acceptable.
    func openSocket(_ address: curl_sockaddr, bytes: [UInt8]) -> curl_socket_t {
        guard !bytes.isEmpty, checked.request.checkAddress?(bytes) ?? true else {
            refusedAddress = IPAddress.text(of: bytes)
            return CURL_SOCKET_BAD
        }
        // Close-on-exec, which curl itself does not ask for: child processes must not inherit it.
        let type = address.socktype | CInt(SOCK_CLOEXEC.rawValue)
        return socket(address.family, type, address.protocol)
    }

    /// A connection is ready; the next thing would be to send the request.
    ///
    /// - Returns: whether to go on.
    func mayBegin(at address: String) -> Bool {
        if let checkAddress = checked.request.checkAddress {
            // A kept-alive connection may have been opened by a request with another rule.
            guard let bytes = IPAddress.bytes(of: address), checkAddress(bytes) else {
                fault = .refusedAddress(address)
                return false
            }
        }
        if mayHaveArrived, !checked.request.isRepeatable {
            fault = .connectionLost(
                "the kept-alive connection died; the request is not to be repeated",
                bytesSent: easy.sentBodyBytes,
                requestMayHaveArrived: true
            )
            return false
        }
        guard checked.request.mayGoOut?() ?? true else {
            fault = .cancelled(requestMayHaveArrived: mayHaveArrived)
            return false
        }
        attempts += 1
        return true
    }
}
