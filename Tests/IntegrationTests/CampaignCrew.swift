import Foundation
import Processes
import Support

/// The workers of a campaign, each a process of its own; one that was ended is replaced.
actor CampaignCrew {
    private let bed: TestBed
    private var workers: [RunningProgram] = []
    private var starts = 0
    /// While a worker was stopped in mid-flight, in milliseconds since 1970.
    private(set) var freezes: [ClosedRange<Int64>] = []
    /// Workers that ended otherwise than they were made to.
    private(set) var mishaps: [String] = []

    init(_ bed: TestBed) {
        self.bed = bed
    }

    func start(_ count: Int) throws {
        workers = try (0..<count).map { _ in try launch() }
    }

    private func launch() throws -> RunningProgram {
        starts += 1
        return try bed.startWorker("worker-\(starts)")
    }

    func kill(_ index: Int) async {
        noteOwnEnd(of: workers[index])
        await workers[index].kill()
    }

    func killAll() async {
        for index in workers.indices { await kill(index) }
    }

    /// Starts new ones in the places of those that were killed.
    func replaceKilled() throws {
        for index in workers.indices where !workers[index].isRunning {
            workers[index] = try launch()
        }
    }

    /// Stops it in mid-flight for longer than its leases last.
    func freeze(_ index: Int, for pause: Duration) async throws {
        let worker = workers[index]
        noteOwnEnd(of: worker)
        let start = Self.now
        worker.send(.pause)
        try await Task.sleep(for: pause)
        worker.send(.resume)
        freezes.append(start...Self.now)
    }

    func stop(_ index: Int) async throws {
        let worker = workers[index]
        noteOwnEnd(of: worker)
        // Before that it has nothing to hand back, and may not be listening yet.
        try await waitUntil("a worker's start", state: { worker.err }) {
            worker.err.contains("worker.start")
        }
        try await drain(worker)
        workers[index] = try launch()
    }

    func stopAll() async throws {
        for worker in workers {
            noteOwnEnd(of: worker)
            try await drain(worker)
        }
        workers = []
    }

    private func drain(_ worker: RunningProgram) async throws {
        let result = try await worker.drain()
        if result.code != 0 { mishaps.append("a stopped worker ended otherwise: \(result)") }
    }

    private func noteOwnEnd(of worker: RunningProgram) {
        guard !worker.isRunning else { return }
        mishaps.append("a worker ended by itself:\n\(worker.err.suffix(3000))")
    }

    private static var now: Int64 { Int64(Date.now.timeIntervalSince1970 * 1000) }
}
