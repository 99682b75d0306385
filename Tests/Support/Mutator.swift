/// Changes bytes as vandals do, the same way every time.
package struct Mutator {
    private var state: UInt64
    /// What the format makes much of: put where it does not belong.
    private let words: [[UInt8]]

    package init(seed: UInt64, words: [String] = []) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        self.words = words.map { Array($0.utf8) }
    }

    /// Xorshift64.
    package mutating func next(below limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(max(1, limit)))
    }

    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next(below: 256)) }
    }

    package mutating func changed(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0...next(below: 6) where !bytes.isEmpty {
            // The headers are where it hurts.
            let place = next(below: next(below: 4) == 0 ? bytes.count : min(bytes.count, 1500))
            let end = min(bytes.count, place + 1 + next(below: 9))
            switch next(below: words.isEmpty ? 6 : 9) {
            case 0: bytes[place] = UInt8(next(below: 256))
            case 1: bytes[place] ^= 1 << UInt8(next(below: 8))
            case 2: fill(&bytes, place..<end, with: [0, 0xFF, 0x7F, 0x80][next(below: 4)])
            case 3: bytes.removeSubrange(place..<end)
            case 4: bytes.insert(contentsOf: bytes[place...].prefix(next(below: 200)), at: place)
            case 5: bytes.removeLast(next(below: min(bytes.count, 64)))
            case 6: bytes.insert(contentsOf: words[next(below: words.count)], at: place)
            default: bytes.replaceSubrange(place..<end, with: words[next(below: words.count)])
            }
        }
        return bytes
    }

    /// The beginning of one and the end of another.
    package mutating func crossed(_ one: [UInt8], _ other: [UInt8]) -> [UInt8] {
        Array(one.prefix(next(below: one.count + 1)) + other.suffix(next(below: other.count + 1)))
    }

    private func fill(_ bytes: inout [UInt8], _ range: Range<Int>, with value: UInt8) {
        for index in range { bytes[index] = value }
    }
}
