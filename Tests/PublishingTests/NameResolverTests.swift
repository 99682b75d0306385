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

    @Test func `a name without an answer takes one thread, however many ask for it`()
        async throws
    {
        let asked = Mutex<[String]>([])
        let gate = Mutex(false)
        let resolver = NameResolver(limit: .seconds(60), count: 2) { host in
            asked.withLock { $0.append(host) }
            while host.hasPrefix("dead"), !gate.withLock(\.self) {}
            return [[10, 0, 0, 1]]
        }
        let callers = (0..<20).map { _ in
            Task { try await resolver.addresses(of: "dead.example") }
        }
        while asked.withLock(\.isEmpty) { await Task.yield() }
        let given = Task { try await resolver.addresses(of: "dead.example") }
        given.cancel()
        await #expect(throws: HostResolverError.cancelled) { try await given.value }

        // Others are asked about all the same, again and again.
        for name in ["one", "two", "three"] {
            #expect(try await resolver.addresses(of: "\(name).example") == [[10, 0, 0, 1]])
        }

        gate.withLock { $0 = true }
        for caller in callers { #expect(try await caller.value == [[10, 0, 0, 1]]) }
        #expect(asked.withLock { $0.count { $0 == "dead.example" } } == 1)
    }

    @Test func `when every thread has a name without an answer, others are told at once`()
        async throws
    {
        let asked = Mutex<[String]>([])
        let gate = Mutex(false)
        // Nobody could wait so long: whoever is told, is told at once.
        let resolver = NameResolver(limit: .seconds(86_400), count: 2) { host in
            asked.withLock { $0.append(host) }
            while !gate.withLock(\.self) {}
            return []
        }
        let callers = ["a.example", "b.example"].map { name in
            Task { try await resolver.addresses(of: name) }
        }
        while asked.withLock(\.count) < 2 { await Task.yield() }

        await #expect(throws: HostResolverError.busy) {
            try await resolver.addresses(of: "c.example")
        }

        gate.withLock { $0 = true }
        for caller in callers { #expect(try await caller.value.isEmpty) }
        // Their threads are free again.
        while (try? await resolver.addresses(of: "c.example")) == nil { await Task.yield() }
    }

    @Test func `a job whose host nobody can be asked about comes back as it was`() throws {
        guard case .final(let stop) = RangeReply(.unresolved(.busy)) else {
            Issue.record("it is tried again at once")
            return
        }
        guard case .waiting(let waiting) = Outcome(stop, verdictBy: nil) else { throw stop }

        #expect(waiting.reason == .backoff && !waiting.burnsAttempt)
        #expect(waiting.delay >= .seconds(10))
    }

    @Test func `what the system says is passed on`() async throws {
        let resolver = NameResolver(limit: .seconds(30)) { _ in throw HostResolverError.unknownHost
        }

        await #expect(throws: HostResolverError.unknownHost) {
            try await resolver.addresses(of: "nobody.example")
        }
    }
}
