import Glibc
import Synchronization
import Testing

@testable import Files

/// Someone who exchanges folders and links while names are being followed.
struct MediaDirectoryRaceTests {
    private final class Progress: Sendable {
        let isOver = Atomic(false)
        let exchanges = Atomic(0)

        /// Both sides must have had their turns; the bound is for a machine that starves one.
        func isEnough(_ attempts: Int) -> Bool {
            let exchanges = exchanges.load(ordering: .relaxed)
            return attempts >= 1000 && exchanges >= 500 || attempts >= 100_000
        }
    }

    /// Runs `body` over and over on a thread of its own while `attempt` runs; then once more, when
    /// everything is back in its place.
    private static func race(
        _ body: @escaping @Sendable () throws -> Void,
        against attempt: @escaping @Sendable () throws -> Void
    ) async throws {
        let progress = Progress()
        try await withThrowingTaskGroup { group in
            let threads = BlockingThreads(name: "race")
            group.addTask {
                try await threads.run {
                    while !progress.isOver.load(ordering: .relaxed) {
                        try body()
                        progress.exchanges.add(1, ordering: .relaxed)
                    }
                }
            }
            group.addTask {
                try await threads.run {
                    defer { progress.isOver.store(true, ordering: .relaxed) }
                    var attempts = 0
                    while !progress.isEnough(attempts) {
                        try attempt()
                        attempts += 1
                    }
                }
            }
            try await group.waitForAll()
        }
        try attempt()
    }

    /// Counts what the attempts ended in; a file from outside is the one thing that must not be.
    private final class Verdict: Sendable {
        private let counts = Mutex([String: Int]())

        func judge(_ directory: MediaDirectory, _ name: String) throws {
            let outcome: String
            do throws(FileError) {
                outcome = try directory.openOnThisThread(name).readAll()
            } catch {
                outcome = error.description
            }
            counts.withLock { $0[outcome, default: 0] += 1 }
        }

        subscript(outcome: String) -> Int { counts.withLock { $0[outcome] ?? 0 } }
    }

    @Test(arguments: Containment.all)
    func `a folder exchanged for a link never leads outside`(
        _ containment: Containment
    ) async throws {
        let tree = try TemporaryTree()
        for folder in ["media", "media/clips", "outside"] { try tree.folder(folder) }
        try tree.file("media/clips/file", "inside")
        try tree.file("outside/file", "outside")
        try tree.link("media/link", to: "../outside")
        let directory = try MediaDirectory(path: "\(tree.path)/media", containment: containment)
        let verdict = Verdict()

        try await Self.race {
            try tree.rename("media/clips", "media/aside")
            try tree.rename("media/link", "media/clips")
            try tree.rename("media/clips", "media/link")
            try tree.rename("media/aside", "media/clips")
        } against: {
            try verdict.judge(directory, "clips/file")
        }

        #expect(verdict["outside"] == 0)
        #expect(verdict["inside"] > 0)
    }

    @Test(arguments: Containment.all)
    func `a file exchanged for a link never leads outside`(
        _ containment: Containment
    ) async throws {
        let tree = try TemporaryTree()
        try tree.folder("media")
        try tree.file("media/file", "inside")
        try tree.file("outside", "outside")
        try tree.link("media/link", to: "../outside")
        let directory = try MediaDirectory(path: "\(tree.path)/media", containment: containment)
        let verdict = Verdict()

        try await Self.race {
            try tree.rename("media/file", "media/aside")
            try tree.rename("media/link", "media/file")
            try tree.rename("media/file", "media/link")
            try tree.rename("media/aside", "media/file")
        } against: {
            try verdict.judge(directory, "file")
        }

        #expect(verdict["outside"] == 0)
        #expect(verdict["inside"] > 0)
    }

    @Test(arguments: Containment.all)
    func `a folder moved out while its link goes up never leads outside`(
        _ containment: Containment
    ) async throws {
        let tree = try TemporaryTree()
        for folder in ["media", "media/deep", "media/deep/inner"] { try tree.folder(folder) }
        try tree.file("media/deep/file", "inside")
        try tree.file("file", "outside")
        // Long, so that the move falls into the middle of it often enough.
        let target = String(repeating: "./", count: 2000) + "../file"
        try tree.link("media/deep/inner/up", to: target)
        let directory = try MediaDirectory(path: "\(tree.path)/media", containment: containment)
        let verdict = Verdict()

        try await Self.race {
            try tree.rename("media/deep/inner", "inner")
            try tree.rename("inner", "media/deep/inner")
        } against: {
            try verdict.judge(directory, "deep/inner/up")
        }

        #expect(verdict["outside"] == 0)
        #expect(verdict["inside"] > 0)
    }
}

extension OpenFile {
    fileprivate func readAll() throws(FileError) -> String {
        String(decoding: try readOnThisThread(at: 0, count: Int(identity.size)), as: UTF8.self)
    }
}
