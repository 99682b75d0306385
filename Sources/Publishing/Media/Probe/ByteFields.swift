/// A piece of a file, and the numbers in it; what lies past its end is `nil`.
struct ByteFields {
    let bytes: ArraySlice<UInt8>

    var count: Int { bytes.count }

    /// A big-endian number of 1 to 8 bytes.
    func unsigned(_ width: Int, at place: Int) -> UInt64? {
        slice(at: place, count: width)?.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A little-endian number of 1 to 8 bytes.
    func unsignedLittle(_ width: Int, at place: Int) -> UInt64? {
        slice(at: place, count: width)?.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Two's complement, big-endian, of 4 bytes.
    func signed(at place: Int) -> Int32? {
        unsigned(4, at: place).map { Int32(truncatingIfNeeded: $0) }
    }

    /// Four bytes as a name; one that is no text equals none that is looked for.
    func name(at place: Int) -> String? {
        slice(at: place, count: 4).map { String(decoding: $0, as: UTF8.self) }
    }

    func slice(at place: Int, count: Int) -> ArraySlice<UInt8>? {
        guard place >= 0, count >= 0, place <= bytes.count, count <= bytes.count - place else {
            return nil
        }
        let first = bytes.startIndex + place
        return bytes[first..<first + count]
    }
}
