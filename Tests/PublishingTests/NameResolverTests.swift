import HTTP
import Synchronization
import Testing

@testable import Publishing

/// Asking for addresses without waiting for ever; no question leaves the machine.
struct NameResolverTests {
    @Test func `the machine's own name has its address`() async throws {
        #expect(try await NameResolver().addresses(of: "localhost").contains([127, 0, 0, 1]))
        #expect(try await NameResolver().addresses(of: "127.0.0.1") == [[127, 0, 0, 1]])
        #expect(try await NameResolver().addresses(of: "::1").first?.count == 16)
    }

    @Test func `an answer that does not come is not waited for`() async throws {
        let gate = Mutex(false)
        let resolver = NameResolver(limit: .milliseconds(20)) { _ in
            while !gate.withLock(\.self) {}
            return []
        }

        let error = await #expect(throws: HostResolverError.self) {
            try await resolver.addresses(of: "slow.example")
        }

        gate.withLock { $0 = true }
        guard case .unanswered = error else { throw try #require(error) }
    }

    @Test func `what the system says is passed on`() async throws {
        let resolver = NameResolver(limit: .seconds(30)) { _ in throw HostResolverError.unknownHost
        }

        await #expect(throws: HostResolverError.unknownHost) {
            try await resolver.addresses(of: "nobody.example")
        }
    }
}
