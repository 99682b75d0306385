import Foundation
import Testing

@testable import Publishing

/// What Python's zlib packs is opened, and nothing else; the vectors come from Python 3.11.
struct InflateTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let packed: String
        let text: String

        init(_ name: String, _ packed: String, _ text: String) {
            testDescription = name
            self.packed = packed
            self.text = text
        }
    }

    @Test(arguments: [
        Vector("nothing", "eJwDAAAAAAE=", ""),
        Vector("stored", "eAEBFADr/2hlbGxvLCBoZWxsbywgc3RvcmVkS/gHUg==", "hello, hello, stored"),
        Vector("fixed codes", "eJzLSM3JyddRyECh0jIrUlMAfCcJMQ==", "hello, hello, hello, fixed"),
        Vector("codes of its own", packedBread, bread),
    ])
    func `a stream of Python's is opened`(_ vector: Vector) throws {
        let opened = try Inflate.unpack(try bytes(vector.packed), atMost: 10_000)

        #expect(String(decoding: opened, as: UTF8.self) == vector.text)
    }

    @Test func `no more comes out than may`() throws {
        let zeros = try bytes(Self.zeros)

        #expect(try Inflate.unpack(zeros, atMost: 300 * 1024).count == 300 * 1024)
        #expect(throws: Inflate.Refusal.tooLong) {
            _ = try Inflate.unpack(zeros, atMost: 300 * 1024 - 1)
        }
        #expect(throws: Inflate.Refusal.tooLong) {
            let stored = try bytes("eAEBFADr/2hlbGxvLCBoZWxsbywgc3RvcmVkS/gHUg==")
            _ = try Inflate.unpack(stored, atMost: 19)
        }
    }

    @Test func `a stream that is cut off anywhere is refused`() throws {
        let whole = try bytes(Self.packedBread)

        for count in 0..<whole.count {
            #expect(throws: Inflate.Refusal.malformed) {
                _ = try Inflate.unpack(Array(whole.prefix(count)), atMost: 10_000)
            }
        }
    }

    @Test func `no spoilt byte is taken for another text`() throws {
        let whole = try bytes(Self.packedBread)

        for place in whole.indices {
            for change: UInt8 in [0x01, 0x10, 0x80, 0xFF] {
                var spoilt = whole
                spoilt[place] ^= change
                // The window's size in the head is no part of the text.
                let opened = try? Inflate.unpack(spoilt, atMost: 10_000)
                #expect(opened == nil || opened == Array(Self.bread.utf8), "byte \(place)")
            }
        }
    }

    @Test(arguments: [(999, true), (1000, false), (50_000, false)])
    func `a stream of empty blocks is read up to a bound`(empty: Int, isRead: Bool) throws {
        // Stored blocks of no bytes, and a last one; then the checksum of nothing.
        let block: [UInt8] = [0, 0, 0, 0xFF, 0xFF]
        let stream =
            [0x78, 0x9C] + [[UInt8]](repeating: block, count: empty).joined()
            + [1, 0, 0, 0xFF, 0xFF, 0, 0, 0, 1]

        if isRead {
            #expect(try Inflate.unpack(stream, atMost: 10) == [])
        } else {
            #expect(throws: Inflate.Refusal.tooManyBlocks) {
                _ = try Inflate.unpack(stream, atMost: 10)
            }
        }
    }

    @Test func `bytes behind the stream are refused`() throws {
        let longer = try bytes("eJwDAAAAAAE=") + [0]

        #expect(throws: Inflate.Refusal.malformed) {
            _ = try Inflate.unpack(longer, atMost: 10)
        }
    }

    private func bytes(_ text: String) throws -> [UInt8] {
        Array(try #require(Data(base64Encoded: text)))
    }

    static let packedBread =
        "eNptUdESwiAM+xV+DSdzD2jv2NDz75V2klB82F3Xpkka5JkeYc1SSyjvFF7xSCUspd4vIUtctdm+"
        + "/Yu4Sr1tJ8RW0JXGs8d8nJO+bL827mhr0kjh3FUqFW6FaQKplbmEd29pEjEW9j+dK4jD040psLjV"
        + "ahQkSHMyqyC6S0sEOAqRo84LqcFA36HqR0ipuilNlNI8uaeb7HN+uMdR+7gICOWmZGN6JJz676he"
        + "NcIPjX8JzQ=="

    private static let bread = """
        oven flour rye water crumb loaf rye rye sourdough water flour sourdough oven salt \
        flour loaf rye flour oven sourdough flour flour oven loaf flour flour salt rye salt \
        water oven loaf oven crumb flour rye flour sourdough flour flour oven water water \
        flour water crumb loaf oven flour flour sourdough rye sourdough crumb flour crumb \
        salt loaf oven rye water oven crumb flour loaf salt water salt oven salt rye \
        sourdough oven flour oven rye salt loaf flour crumb sourdough sourdough salt rye \
        flour salt sourdough salt flour salt loaf water rye flour oven crumb flour loaf \
        flour water loaf salt sourdough salt sourdough crumb loaf salt salt flour rye crumb \
        oven water oven rye sourdough sourdough sourdough loaf
        """

    /// 300 KiB of zeros: nearly all of it the letter A.
    private static let zeros =
        "eNrtwQENAAAAwqD3T20ON6" + String(repeating: "A", count: 396) + "DgzwCwPAAB"
}
