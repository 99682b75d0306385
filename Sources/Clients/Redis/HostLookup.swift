internal import Glibc

/// Turns a host's name into addresses, on a thread of its own: the system's call may block.
enum HostLookup {
    typealias Answer = Result<[String], RedisError>

    private final class Question: Sendable {
        let host: String
        let continuation: CheckedContinuation<Answer, Never>

        init(host: String, continuation: CheckedContinuation<Answer, Never>) {
            self.host = host
            self.continuation = continuation
        }

        func answer(_ answer: Answer) {
            continuation.resume(returning: answer)
        }
    }

    /// The host itself when it is an address already.
    static func literal(_ host: String) -> [String]? {
        try? addresses(of: host, flags: AI_NUMERICHOST).get()
    }

    /// Numeric addresses, the one to try first in front; takes as long as the system likes.
    static func addresses(of host: String) async -> Answer {
        await withCheckedContinuation { continuation in
            start(Question(host: host, continuation: continuation))
        }
    }

    private static func start(_ question: Question) {
        let context = Unmanaged.passRetained(question)
        var thread = pthread_t()
        guard pthread_create(&thread, nil, run, context.toOpaque()) == 0 else {
            context.release()
            return question.answer(.failure(.notConnected(reason: "no thread left")))
        }
        pthread_detach(thread)
    }

    private static let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? =
        { context in
            guard let context else { return nil }
            let question = Unmanaged<Question>.fromOpaque(context).takeRetainedValue()
            question.answer(addresses(of: question.host, flags: 0))
            return nil
        }

    private static func addresses(of host: String, flags: CInt) -> Answer {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = flags
        var found: UnsafeMutablePointer<addrinfo>?
        let failed = getaddrinfo(host, nil, &hints, &found)
        guard failed == 0 else {
            let reason = "\(host): \(String(cString: gai_strerror(failed)))"
            return .failure(.notConnected(reason: reason))
        }
        defer { freeaddrinfo(found) }
        let list = sequence(first: found, next: { $0?.pointee.ai_next })
        return .success(list.prefix(16).compactMap { $0.flatMap(numeric) })
    }

    private static func numeric(_ entry: UnsafeMutablePointer<addrinfo>) -> String? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let failed = getnameinfo(
            entry.pointee.ai_addr,
            entry.pointee.ai_addrlen,
            &text,
            socklen_t(text.count),
            nil,
            0,
            NI_NUMERICHOST
        )
        guard failed == 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
