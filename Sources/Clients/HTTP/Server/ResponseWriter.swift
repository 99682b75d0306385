internal import EventLoop

/// Puts a response on its way, in the manner its delivery asks for.
struct ResponseWriter {
    let stream: SocketStream
    /// Longest time in which the peer takes no byte.
    let idle: Duration

    /// Sends a sound response whose delivery is neither `reset` nor `hang`; says whether all of it
    /// was handed to the kernel.
    func write(
        _ response: HTTPServerResponse,
        answering method: String,
        keepsOpen: Bool
    ) async -> Bool {
        let body = response.bodyToSend(answering: method)
        do throws(SocketStream.End) {
            try await stream.send(
                response.head(keepsOpen: keepsOpen),
                idle: idle,
                isMoreComing: !body.isEmpty && response.delivery == .whole
            )
            switch response.delivery {
            case .slowly(let bytesPerSecond):
                try await sendSlowly(body, rate: max(1, bytesPerSecond))
            case .truncated(let count):
                try await stream.send(Array(body.prefix(max(0, count))), idle: idle)
            case .whole, .reset, .hang:
                try await stream.send(body, idle: idle)
            }
            return true
        } catch {
            return false
        }
    }

    /// Ten pieces a second, or one byte at a time when even that is too fast.
    private func sendSlowly(_ body: [UInt8], rate: Int) async throws(SocketStream.End) {
        let pieceBytes = max(1, rate / 10)
        let pause = Duration.seconds(1) * Double(pieceBytes) / Double(rate)
        var rest = body[...]
        while !rest.isEmpty {
            try await stream.send(Array(rest.prefix(pieceBytes)), idle: idle)
            rest = rest.dropFirst(pieceBytes)
            if !rest.isEmpty { try await stream.pause(pause) }
        }
    }
}
