/// How a protocol cuts its two streams into requests and their answers.
protocol FaultProxySpeech {
    /// The length of the whole request at the front; `nil` while some of it is missing.
    mutating func requestLength(in bytes: [UInt8]) -> Int?

    /// The length of the whole answer to the request that was found last; `nil` while some of it is
    /// missing, 0 when there is none.
    mutating func answerLength(in bytes: [UInt8]) -> Int?
}

/// RESP: a request is an array of strings, an answer is any value.
struct RedisSpeech: FaultProxySpeech {
    func requestLength(in bytes: [UInt8]) -> Int? { end(ofValueAt: 0, in: bytes) }

    func answerLength(in bytes: [UInt8]) -> Int? { end(ofValueAt: 0, in: bytes) }

    private func end(ofValueAt start: Int, in bytes: [UInt8]) -> Int? {
        guard start < bytes.count,
            let lineEnd = bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        let next = lineEnd + 1
        let number = Int(String(decoding: bytes[(start + 1)..<(lineEnd - 1)], as: UTF8.self)) ?? 0
        switch bytes[start] {
        case UInt8(ascii: "$"):
            let end = number < 0 ? next : next + number + 2
            return end <= bytes.count ? end : nil
        case UInt8(ascii: "*"):
            var place = next
            for _ in 0..<max(number, 0) {
                guard let end = end(ofValueAt: place, in: bytes) else { return nil }
                place = end
            }
            return place
        default:
            return next
        }
    }
}

/// PostgreSQL's protocol, version 3: a request is everything up to a Sync or a simple Query.
struct PostgresSpeech: FaultProxySpeech {
    private enum Phase {
        /// Nothing was said but, perhaps, wishes for encryption.
        case opening
        case loggingIn
        case ready
    }

    private enum Answer {
        case oneByte
        case none
        /// Up to the server's next question, its greeting or its refusal.
        case login
        /// Up to ReadyForQuery.
        case results
    }

    private var phase = Phase.opening
    private var answer = Answer.none

    mutating func requestLength(in bytes: [UInt8]) -> Int? {
        switch phase {
        case .opening: openingLength(in: bytes)
        case .loggingIn:
            Self.end(ofMessageAt: 0, in: bytes)
        case .ready: statementLength(in: bytes)
        }
    }

    private mutating func openingLength(in bytes: [UInt8]) -> Int? {
        guard bytes.count >= 8, case let length = Self.number(at: 0, in: bytes),
            bytes.count >= length
        else { return nil }
        switch Self.number(at: 4, in: bytes) {
        case 80_877_103, 80_877_104: answer = .oneByte
        case 80_877_102: answer = .none
        default: (phase, answer) = (.loggingIn, .login)
        }
        return length
    }

    private mutating func statementLength(in bytes: [UInt8]) -> Int? {
        var place = 0
        while let end = Self.end(ofMessageAt: place, in: bytes) {
            switch bytes[place] {
            case UInt8(ascii: "S"), UInt8(ascii: "Q"): answer = .results
            case UInt8(ascii: "X"): answer = .none
            default:
                place = end
                continue
            }
            return end
        }
        return nil
    }

    mutating func answerLength(in bytes: [UInt8]) -> Int? {
        switch answer {
        case .none: return 0
        case .oneByte: return bytes.isEmpty ? nil : 1
        case .login, .results: break
        }
        var place = 0
        while let end = Self.end(ofMessageAt: place, in: bytes) {
            if ends(messageAt: place, in: bytes) { return end }
            place = end
        }
        return nil
    }

    private mutating func ends(messageAt place: Int, in bytes: [UInt8]) -> Bool {
        switch bytes[place] {
        case UInt8(ascii: "Z"):
            phase = .ready
            return true
        case UInt8(ascii: "R") where answer == .login:
            // 0: welcome; 12: the last word of a login that went well. Others ask for more.
            return ![0, 12].contains(Self.number(at: place + 5, in: bytes))
        case UInt8(ascii: "E"): return answer == .login
        default: return false
        }
    }

    private static func end(ofMessageAt place: Int, in bytes: [UInt8]) -> Int? {
        guard bytes.count >= place + 5 else { return nil }
        let end = place + 1 + number(at: place + 1, in: bytes)
        return end <= bytes.count ? end : nil
    }

    private static func number(at place: Int, in bytes: [UInt8]) -> Int {
        bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
    }
}
