import Crypto
import Testing

@testable import Sandbox

struct FileDigestTests {
    @Test func `bytes of an older attempt count for nothing, however late they come`() {
        let first = [UInt8](repeating: 1, count: 10_000)
        let second = [UInt8](repeating: 2, count: 10_000)
        let digest = FileDigest()

        digest.startChunk(at: 0, attempt: 1)
        digest.take(Array(first.prefix(5_000)), at: 0, attempt: 1)
        digest.startChunk(at: 0, attempt: 2)
        digest.take(first, at: 0, attempt: 2)
        digest.startChunk(at: 10_000, attempt: 3)
        digest.take(Array(repeating: 9, count: 5_000), at: 5_000, attempt: 1)
        digest.take(second, at: 10_000, attempt: 3)

        #expect(digest.finish() == SHA256.hex(first + second))
    }
}
