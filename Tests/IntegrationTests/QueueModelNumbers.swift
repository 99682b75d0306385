/// Random numbers that a seed decides (SplitMix64), so that a failure can be seen again.
struct QueueModelNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: Int) {
        // Mixed, because seeds in a row would else give the same numbers, only shifted by one.
        state = Self.mix(UInt64(truncatingIfNeeded: seed) &* 0xD134_2543_DE82_EF95)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    private static func mix(_ state: UInt64) -> UInt64 {
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From the first to the last, both included.
    mutating func from(_ first: Int, to last: Int) -> Int {
        first + Int(next() % UInt64(last - first + 1))
    }

    /// True so often of a thousand times.
    mutating func chance(_ thousandths: Int) -> Bool { from(0, to: 999) < thousandths }

    mutating func one<Element>(of elements: [Element]) -> Element {
        elements[from(0, to: elements.count - 1)]
    }
}
