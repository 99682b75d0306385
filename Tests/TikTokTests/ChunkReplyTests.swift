import Testing
import TikTok

struct ChunkReplyTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let status: Int
        let range: String?
        let index: Int64
        let expected: ChunkReply

        init(_ status: Int, _ range: String?, at index: Int64, _ expected: ChunkReply) {
            self.status = status
            self.range = range
            self.index = index
            self.expected = expected
        }

        var testDescription: String { "\(status) \(range ?? "no range") on chunk \(index)" }
    }

    /// Chunks of 10,000,000; the last, index 4, ends at 50,000,122.
    static let rows: [Row] = [
        Row(206, nil, at: 0, .next(1)),
        Row(206, "bytes 0-9999999/50000123", at: 0, .next(1)),
        Row(206, "bytes 0-10000000/50000123", at: 0, .next(1)),
        Row(206, "bytes 0-29999999/50000123", at: 0, .next(3)),
        Row(206, "bytes 0-9999999/50000123", at: 1, .resendOnce),
        Row(206, "bytes 0-9999999/50000123", at: 2, .rewind(to: 1)),
        Row(206, "bytes 0-15000000/50000123", at: 1, .resendOnce),
        Row(206, "bytes 0-9999999/7", at: 0, .next(1)),
        Row(206, "bytes 0-9999999/60000000", at: 0, .askStatus),
        Row(206, "bytes 0-50000122/50000123", at: 0, .askStatus),
        Row(206, nil, at: 4, .askStatus),
        Row(201, nil, at: 4, .finished),
        Row(201, nil, at: 2, .finishedEarly),
        Row(200, nil, at: 2, .askStatus),
        Row(200, nil, at: 4, .askStatus),
        Row(204, nil, at: 4, .askStatus),
        Row(301, nil, at: 0, .redirected(httpStatus: 301)),
        Row(307, nil, at: 4, .redirected(httpStatus: 307)),
        Row(400, nil, at: 0, .malformed),
        Row(400, nil, at: 4, .malformed),
        Row(403, nil, at: 0, .addressGone(httpStatus: 403)),
        Row(404, nil, at: 4, .addressGone(httpStatus: 404)),
        Row(416, "bytes 0-19999999/50000123", at: 1, .next(2)),
        Row(416, "bytes 0-9999999/50000123", at: 1, .resendOnce),
        Row(416, "bytes 0-10000000/50000123", at: 1, .resendOnce),
        Row(416, "bytes 0-0/50000123", at: 3, .rewind(to: 0)),
        Row(416, "bytes 0-12345678/50000123", at: 1, .resendOnce),
        Row(416, "bytes 0-50000122/50000123", at: 4, .finished),
        Row(416, "bytes 0-50000123/50000123", at: 1, .finished),
        Row(416, "bytes 0-19999999/99", at: 1, .askStatus),
        Row(416, "bytes */50000123", at: 1, .askStatus),
        Row(416, nil, at: 1, .askStatus),
        Row(429, nil, at: 1, .resend(after: .seconds(7))),
        Row(408, nil, at: 1, .resend(after: .seconds(7))),
        Row(500, nil, at: 1, .resend(after: .seconds(7))),
        Row(503, nil, at: 4, .askStatus),
        Row(408, nil, at: 4, .askStatus),
        Row(401, nil, at: 1, .unexpected(httpStatus: 401)),
        Row(413, nil, at: 1, .unexpected(httpStatus: 413)),
        Row(600, nil, at: 1, .unexpected(httpStatus: 600)),
        Row(100, nil, at: 1, .unexpected(httpStatus: 100)),
    ]

    @Test(arguments: rows)
    func `every reply has one consequence`(row: Row) throws {
        let plan = try ChunkPlan(size: 50_000_123)
        let receipt = ChunkReceipt(
            httpStatus: row.status,
            progress: row.range.flatMap(ChunkProgress.init(contentRange:)),
            retryAfter: .seconds(7)
        )

        #expect(ChunkReply(receipt, to: row.index, of: plan) == row.expected)
    }

    @Test func `a progress that nobody can read is asked for before the next chunk`() throws {
        let plan = try ChunkPlan(size: 50_000_123)
        var receipt = ChunkReceipt(httpStatus: 206)
        receipt.isProgressUnreadable = true

        #expect(ChunkReply(receipt, to: 1, of: plan) == .askStatus)
    }

    @Test func `a lost reply to the last chunk asks before sending again`() throws {
        let plan = try ChunkPlan(size: 50_000_123)

        #expect(ChunkReply.afterLostReply(to: 3, of: plan) == .resend(after: nil))
        #expect(ChunkReply.afterLostReply(to: 4, of: plan) == .askStatus)
    }

    @Test(arguments: [
        "", "bytes", "bytes 0-1", "bytes 1-2/3", "bytes 0-1/2 3", "items 0-1/2", "bytes 0-/2",
        "bytes 0--1/2", "bytes 0-+1/2", "bytes 0-3/2", "bytes 0-1/*", "bytes */2",
        "bytes 0-99999999999999999999/99999999999999999999", "bytes 0-1/2/3", "bytes 0-1-2/3",
    ])
    func `a progress header in any other form is not believed`(header: String) {
        #expect(ChunkProgress(contentRange: header) == nil)
    }

    @Test func `the unit of a progress header is read without case`() {
        #expect(
            ChunkProgress(contentRange: "Bytes 0-9/10") == ChunkProgress(reported: 9, total: 10)
        )
    }
}
