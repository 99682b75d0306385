import FoundationEssentials
import Glibc
import Testing

@testable import Files

struct FilesReadingTests {
    private let tree: TemporaryTree
    private let directory: MediaDirectory

    init() throws {
        tree = try TemporaryTree()
        directory = try MediaDirectory(path: tree.path)
    }

    private func clip(_ count: Int) throws -> [UInt8] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        try Data(bytes).write(to: URL(filePath: "\(tree.path)/clip"))
        return bytes
    }

    @Test func `a file read in pieces is the file`() async throws {
        let bytes = try clip(1_000_003)
        let file = try await directory.open("clip")

        var read: [UInt8] = []
        while read.count < bytes.count {
            read += try await file.read(at: Int64(read.count), count: 262_144)
        }

        #expect(file.identity.size == 1_000_003)
        #expect(read == bytes)
    }

    @Test func `a piece is short only where the file ends`() async throws {
        let bytes = try clip(1000)
        let file = try await directory.open("clip")

        #expect(try await file.read(at: 0, count: 0) == [])
        #expect(try await file.read(at: 10, count: 20) == Array(bytes[10..<30]))
        #expect(try await file.read(at: 990, count: 262_144) == Array(bytes[990...]))
        #expect(try await file.read(at: 1000, count: 1) == [])
        #expect(try await file.read(at: .max, count: 0) == [])
    }

    @Test func `the end of the numbers is an error and not an overflow`() async throws {
        _ = try clip(10)
        let file = try await directory.open("clip")

        await #expect(throws: FileError.self) { try await file.read(at: .max, count: 10) }
    }

    @Test func `an impossible piece is a programmer's error`() async {
        await #expect(processExitsWith: .failure) {
            let file = try await MediaDirectory(path: "/proc/self").open("status")
            _ = try await file.read(at: -1, count: 1)
        }
    }

    @Test func `many tasks read at once and each gets its own bytes`() async throws {
        let bytes = try clip(300_000)
        let file = try await directory.open("clip")

        try await withThrowingTaskGroup { group in
            for start in stride(from: 0, to: 290_000, by: 1000) {
                group.addTask {
                    let piece = try await file.read(at: Int64(start), count: 5000)
                    #expect(piece == Array(bytes[start..<start + 5000]))
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `writing to the file shows`() async throws {
        _ = try clip(1000)
        let file = try await directory.open("clip")
        try await file.checkUnchanged()

        let writer = open("\(tree.path)/clip", O_WRONLY | O_APPEND)
        defer { close(writer) }
        #expect(write(writer, "more", 4) == 4)

        await #expect(throws: FileError.changed) { try await file.checkUnchanged() }
        #expect(try await file.currentIdentity().size == 1004)
        #expect(file.identity.size == 1000)
    }

    @Test func `another time of change shows, though the size is the same`() async throws {
        _ = try clip(1000)
        let file = try await directory.open("clip")

        let times = [timespec(tv_sec: 5, tv_nsec: 0), timespec(tv_sec: 5, tv_nsec: 7)]
        try tree.check(utimensat(AT_FDCWD, "\(tree.path)/clip", times, 0), "utimensat")

        #expect(try await file.currentIdentity().modified == 5_000_000_007)
        await #expect(throws: FileError.changed) { try await file.checkUnchanged() }
    }

    @Test func `a file put in its place is another, and the open one stays as it was`() async throws
    {
        let bytes = try clip(1000)
        let file = try await directory.open("clip")
        try tree.file("next", "another")
        try tree.rename("next", "clip")

        #expect(try await file.read(at: 0, count: 2000) == bytes)
        #expect(try await directory.open("clip").identity != file.identity)
    }

    @Test func `an identity survives being stored`() async throws {
        _ = try clip(10)
        let identity = try await directory.open("clip").identity

        let stored = try JSONEncoder().encode(identity)

        #expect(try JSONDecoder().decode(FileIdentity.self, from: stored) == identity)
    }

    @Test func `the file is closed with its last owner`() async throws {
        _ = try clip(10)
        var file: OpenFile? = try await directory.open("clip")
        #expect(await tree.settledDescriptors(1) == 1)

        #expect(file?.identity.size == 10)
        file = nil

        #expect(await tree.settledDescriptors(0) == 0)
    }

    @Test func `a cancelled task gets no bytes and no more waiting`() async throws {
        _ = try clip(10)
        let file = try await directory.open("clip")

        let reading = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await file.read(at: 0, count: 10)
        }

        await #expect(throws: FileError.cancelled) { try await reading.value }
    }
}
