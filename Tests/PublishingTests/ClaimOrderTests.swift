import Redis
import Testing

@testable import Publishing

/// Who of an account asks admission first.
struct ClaimOrderTests {
    private static func claim(_ fence: Int64) throws -> Claim {
        try #require(
            Claim(
                .array([
                    .bytes(Array("ticket-\(fence)".utf8)), .integer(fence), .integer(1),
                    .bytes([]), .integer(0), .bytes([]), .integer(0), .integer(0), .integer(0),
                ]),
                queue: "q",
                claimedAt: .now,
                newTickets: "x"
            )
        )
    }

    @Test func `jobs of an account ask in the order of their claims, whoever is read first`()
        async throws
    {
        let order = ClaimOrder()
        let (asked, asking) = AsyncStream.makeStream(of: Int64.self)
        let claims = try (1...20).map { try Self.claim($0) }
        for claim in claims { order.claimed(claim) }

        await withTaskGroup { group in
            for claim in claims.shuffled() {
                group.addTask {
                    order.read(claim, account: "mira")
                    await order.wait(for: claim, of: "mira")
                    asking.yield(claim.fence)
                    order.leave(claim, of: "mira")
                }
            }
        }

        asking.finish()
        let fences = await asked.reduce(into: []) { $0.append($1) }
        #expect(fences == (1...20).map(Int64.init))
    }

    @Test func `one account waits for no other, and nobody for what ended unread`() async throws {
        let order = ClaimOrder()
        let claims = try (1...4).map { try Self.claim($0) }
        for claim in claims { order.claimed(claim) }

        // The first is slow, but read; the second cannot be read; the third is of the first's
        // account.
        order.read(claims[0], account: "mira")
        order.read(claims[2], account: "mira")
        order.read(claims[3], account: "ravi")
        order.leave(claims[1], of: nil)
        await order.wait(for: claims[3], of: "ravi")
        let third = Task { await order.wait(for: claims[2], of: "mira") }
        order.leave(claims[0], of: "mira")
        order.leave(claims[0], of: "mira")

        await third.value
    }
}
