/// Random numbers that a seed decides (SplitMix64), so that a failure can be seen again.
struct QueueModelNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: Int) {
        state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
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
