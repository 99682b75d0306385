import Glibc
import Synchronization
import Testing

@testable import EventLoop

/// An actor of a loop, as clients are.
actor LoopGuest {
    let loop: EventLoop
    private(set) var log: [String] = []
    private var waiters: [CheckedContinuation<Void, Never>] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(on loop: EventLoop) {
        self.loop = loop
    }

    var isOnLoop: Bool { loop.isOnLoop }

    func note(_ text: String) {
        log.append(text)
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    func run(_ body: @Sendable (isolated LoopGuest) -> Void) {
        body(self)
    }

    /// Waits until the log has so many lines.
    func lines(_ count: Int) async -> [String] {
        while log.count < count {
            await withCheckedContinuation { waiters.append($0) }
        }
        return log
    }
}

@Suite(.timeLimit(.minutes(1)))
struct EventLoopTests {
    @Test func `an actor of the loop runs on its thread, before and after a wait`() async {
        let loop = EventLoop(name: "test")
        let guest = LoopGuest(on: loop)

        #expect(!loop.isOnLoop)
        #expect(await guest.isOnLoop)
        await guest.run { guest in
            guest.loop.schedule(after: .zero) { guest.assumeIsolated { $0.note("woken") } }
        }
        _ = await guest.lines(1)
        #expect(await guest.isOnLoop)
        loop.stop()
    }

    @Test func `jobs from many threads all run`() async {
        let loop = EventLoop(name: "test")
        let guest = LoopGuest(on: loop)

        await withTaskGroup(of: Void.self) { group in
            for number in 0..<1000 {
                group.addTask { await guest.note("\(number)") }
            }
        }

        #expect(Set(await guest.log).count == 1000)
        loop.stop()
    }

    @Test func `a job that comes after the stop still runs`() async {
        let loop = EventLoop(name: "test")
        let guest = LoopGuest(on: loop)
        await guest.note("before")

        for number in 0..<100 {
            loop.stop()
            await guest.note("after \(number)")
            #expect(await guest.isOnLoop)
        }

        #expect(await guest.log.count == 101)
    }

    @Test func `a stopped loop gives back its descriptors`() async {
        weak var forgotten: EventLoop?
        do {
            let loop = EventLoop(name: "test")
            forgotten = loop
            await LoopGuest(on: loop).note("one")
            loop.stop()
        }
        // The thread lets go of the loop when it ends.
        while forgotten != nil { await Task.yield() }
    }

    @Test func `a handler runs on the loop and may enter its actor`() async throws {
        let loop = EventLoop(name: "test")
        let guest = LoopGuest(on: loop)
        let (reader, writer) = try makePipe()
        await guest.run { guest in
            guest.loop.watch(reader, for: .readable) { readiness in
                guest.assumeIsolated { $0.note("\(readiness == .readable) \($0.isOnLoop)") }
                guest.loop.unwatch(reader)
            }
        }
        write(writer, "a", 1)

        #expect(await guest.lines(1) == ["true true"])
        loop.stop()
        close(reader)
        close(writer)
    }

    @Test func `the end of a pipe counts as readable and writable`() async throws {
        let loop = EventLoop(name: "test")
        let guest = LoopGuest(on: loop)
        let (reader, writer) = try makePipe()
        await guest.run { guest in
            guest.loop.watch(reader, for: .readable) { readiness in
                guest.loop.unwatch(reader)
                guest.assumeIsolated { $0.note("\(readiness == [.readable, .writable])") }
            }
        }
        close(writer)

        #expect(await guest.lines(1) == ["true"])
        loop.stop()
        close(reader)
    }

    @Test func `a second watch replaces the first`() async throws {
        let loop = EventLoop(name: "test")
        let guest = LoopGuest(on: loop)
        let (reader, writer) = try makePipe()
        write(writer, "a", 1)
        await guest.run { guest in
            for name in ["first", "second"] {
                guest.loop.watch(reader, for: .readable) { _ in
                    guest.loop.unwatch(reader)
                    guest.assumeIsolated { $0.note(name) }
                }
            }
        }

        #expect(await guest.lines(1) == ["second"])
        loop.stop()
        close(reader)
        close(writer)
    }

    // Two descriptors are ready in one batch. Whichever handler comes first takes the other's
    // number for a pipe of its own, which is not ready: the stale event must reach nobody.
    @Test func `an event for a closed descriptor does not reach its successor`() async throws {
        let loop = EventLoop(name: "test")
        let guest = LoopGuest(on: loop)
        let pipes = [try makePipe(), try makePipe()]
        let fresh = try makePipe()
        for pipe in pipes { write(pipe.writer, "a", 1) }
        await guest.run { guest in
            for (index, pipe) in pipes.enumerated() {
                let other = pipes[1 - index].reader
                guest.loop.watch(pipe.reader, for: .readable) { _ in
                    guest.loop.unwatch(pipe.reader)
                    guest.loop.unwatch(other)
                    dup2(fresh.reader, other)
                    guest.loop.watch(other, for: .readable) { _ in
                        guest.loop.unwatch(other)
                        guest.assumeIsolated { $0.note("successor") }
                    }
                    guest.assumeIsolated { $0.note("first") }
                    guest.loop.schedule(after: .milliseconds(20)) {
                        guest.assumeIsolated { $0.note("later") }
                        write(fresh.writer, "b", 1)
                    }
                }
            }
        }

        #expect(await guest.lines(3) == ["first", "later", "successor"])
        loop.stop()
        for pipe in pipes + [fresh] {
            close(pipe.reader)
            close(pipe.writer)
        }
    }

    @Test func `a descriptor closed behind the loop's back can be watched again`() async throws {
        let loop = EventLoop(name: "test")
        let guest = LoopGuest(on: loop)
        let old = try makePipe()
        let fresh = try makePipe()
        write(fresh.writer, "a", 1)
        await guest.run { guest in
            guest.loop.watch(old.reader, for: .readable) { _ in
                guest.assumeIsolated { $0.note("old") }
            }
            // Like a C library that closes its socket and opens the next without a word.
            dup2(fresh.reader, old.reader)
            guest.loop.watch(old.reader, for: .readable) { _ in
                guest.loop.unwatch(old.reader)
                guest.assumeIsolated { $0.note("fresh") }
            }
        }

        #expect(await guest.lines(1) == ["fresh"])
        loop.stop()
        for descriptor in [old.reader, old.writer, fresh.reader, fresh.writer] {
            close(descriptor)
        }
    }

    @Test func `unwatching what is not watched is harmless`() async {
        let loop = EventLoop(name: "test")
        await LoopGuest(on: loop).run { $0.loop.unwatch(9999) }
        loop.stop()
    }

    @Test func `off the loop, watching is refused`() async {
        await #expect(processExitsWith: .failure) {
            EventLoop(name: "test").unwatch(0)
        }
    }

    private func makePipe() throws -> (reader: CInt, writer: CInt) {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        return (ends[0], ends[1])
    }
}
