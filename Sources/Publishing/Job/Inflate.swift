/// Pure: opens what Python's `zlib.compress` has packed (RFC 1950 round RFC 1951).
struct Inflate {
    enum Refusal: Error, Equatable {
        case malformed
        /// More would come out than may.
        case tooLong
        /// In more pieces than anybody makes of it: each costs time, also an empty one.
        case tooManyBlocks
    }

    private var input: ArraySlice<UInt8>
    private let limit: Int
    private var output: [UInt8] = []
    /// Bits that were read and not used yet, the next one lowest.
    private var held: UInt32 = 0
    private var heldCount = 0

    /// Most blocks of one stream: zlib makes one of each 16,384 symbols.
    static let blocksMax = 1000

    /// - Parameter limit: most bytes that may come out, so that a small message cannot fill the
    ///   memory.
    static func unpack(_ bytes: [UInt8], atMost limit: Int) throws(Refusal) -> [UInt8] {
        guard bytes.count >= 6, bytes[0] & 0x0F == 8, bytes[0] >> 4 <= 7, bytes[1] & 0x20 == 0,
            (Int(bytes[0]) << 8 | Int(bytes[1])).isMultiple(of: 31)
        else { throw .malformed }
        var inflate = Inflate(input: bytes[2...], limit: limit)
        try inflate.readBlocks()
        guard inflate.hasRightChecksum else { throw .malformed }
        return inflate.output
    }

    private init(input: ArraySlice<UInt8>, limit: Int) {
        self.input = input
        self.limit = limit
    }

    private mutating func readBlocks() throws(Refusal) {
        var isLast = false
        var blocks = 0
        while !isLast {
            blocks += 1
            guard blocks <= Self.blocksMax else { throw .tooManyBlocks }
            isLast = try bits(1) == 1
            switch try bits(2) {
            case 0: try copyStored()
            case 1: try readSymbols(Self.fixedLiterals, Self.fixedDistances)
            case 2:
                let (literals, distances) = try readCodes()
                try readSymbols(literals, distances)
            default: throw .malformed
            }
        }
    }

    /// Adler-32, after the last whole byte.
    private var hasRightChecksum: Bool {
        guard input.count == 4 else { return false }
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in output {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        return input.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } == b << 16 | a
    }

    // MARK: Input and output

    private mutating func bits(_ count: Int) throws(Refusal) -> Int {
        while heldCount < count {
            guard let byte = input.popFirst() else { throw .malformed }
            held |= UInt32(byte) << heldCount
            heldCount += 8
        }
        let value = held & (1 << count - 1)
        held >>= count
        heldCount -= count
        return Int(value)
    }

    private mutating func put(_ byte: UInt8) throws(Refusal) {
        guard output.count < limit else { throw .tooLong }
        output.append(byte)
    }

    private mutating func copyStored() throws(Refusal) {
        (held, heldCount) = (0, 0)
        let (length, check) = (try bits(16), try bits(16))
        guard length == ~check & 0xFFFF, input.count >= length else { throw .malformed }
        guard output.count + length <= limit else { throw .tooLong }
        output += input.prefix(length)
        input = input.dropFirst(length)
    }

    // MARK: Codes

    /// A Huffman code: how many of its words have each length, and what they mean, in order.
    private struct Code {
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [Int] = []

        /// - Parameter lengths: of each symbol's word; 0: it has none.
        init(_ lengths: some Sequence<Int>) throws(Refusal) {
            let used = lengths.enumerated().filter { $0.element > 0 }
            for (_, length) in used { counts[length] += 1 }
            var free = 1
            for length in 1...15 {
                free = free * 2 - counts[length]
                guard free >= 0 else { throw .malformed }
            }
            symbols = used.sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }
                .map(\.offset)
        }

        /// The code whose words are all right by construction.
        init(fixed lengths: [Int]) {
            // Cannot fail: the lengths are those of the standard.
            self = (try? Code(lengths)) ?? Code()
        }

        private init() {}
    }

    private static let fixedLiterals = Code(
        fixed: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
    )
    private static let fixedDistances = Code(fixed: [Int](repeating: 5, count: 30))

    private mutating func symbol(_ code: Code) throws(Refusal) -> Int {
        var (word, first, index) = (0, 0, 0)
        for length in 1...15 {
            word |= try bits(1)
            let count = code.counts[length]
            if word - first < count { return code.symbols[index + word - first] }
            index += count
            (first, word) = ((first + count) << 1, word << 1)
        }
        throw .malformed
    }

    /// The codes of a block that brings its own.
    private mutating func readCodes() throws(Refusal) -> (Code, Code) {
        let (literals, distances, count) = (try bits(5) + 257, try bits(5) + 1, try bits(4) + 4)
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        var small = [Int](repeating: 0, count: 19)
        for place in order.prefix(count) { small[place] = try bits(3) }
        let code = try Code(small)
        var lengths: [Int] = []
        while lengths.count < literals + distances {
            switch try symbol(code) {
            case 16:
                guard let last = lengths.last else { throw .malformed }
                lengths += repeatElement(last, count: try bits(2) + 3)
            case 17: lengths += repeatElement(0, count: try bits(3) + 3)
            case 18: lengths += repeatElement(0, count: try bits(7) + 11)
            case let length: lengths.append(length)
            }
        }
        guard lengths.count == literals + distances, literals <= 286 else { throw .malformed }
        return (try Code(lengths[..<literals]), try Code(lengths[literals...]))
    }

    private mutating func readSymbols(
        _ literals: Code,
        _ distances: Code
    ) throws(Refusal) {
        while true {
            let next = try symbol(literals)
            if next == 256 { return }
            if next < 256 {
                try put(UInt8(next))
                continue
            }
            let length = try value(next - 257, of: Self.lengths)
            let distance = try value(try symbol(distances), of: Self.distances)
            guard distance <= output.count else { throw .malformed }
            for _ in 0..<length { try put(output[output.count - distance]) }
        }
    }

    private mutating func value(
        _ index: Int,
        of table: [(base: Int, bits: Int)]
    ) throws(Refusal) -> Int {
        guard index < table.count else { throw .malformed }
        return table[index].base + (try bits(table[index].bits))
    }

    private static let lengths = table(from: 3, count: 28, plain: 8, step: 4) + [(258, 0)]
    private static let distances = table(from: 1, count: 30, plain: 4, step: 2)

    /// The first `plain` values stand for themselves; then every `step` values one more bit.
    private static func table(
        from first: Int,
        count: Int,
        plain: Int,
        step: Int
    ) -> [(base: Int, bits: Int)] {
        var base = first
        return (0..<count).map { index in
            let bits = max(0, (index - plain) / step + (index < plain ? 0 : 1))
            defer { base += 1 << bits }
            return (base, bits)
        }
    }
}
