import FoundationEssentials
import Glibc
import Testing

@testable import Files

struct FilesWholeTests {
    private let tree: TemporaryTree

    init() throws {
        tree = try TemporaryTree()
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: tree.path).sorted()
    }

    private func mode(_ name: String) throws -> mode_t {
        var status = stat()
        try tree.check(stat("\(tree.path)/\(name)", &status), "stat")
        return status.st_mode & 0o7777
    }

    @Test func `a file is read whole up to the limit and not a byte beyond it`() throws {
        try tree.file("key", "0123456789")
        let path = "\(tree.path)/key"

        #expect(try WholeFile.read(path, limit: 10) == Array("0123456789".utf8))
        #expect(throws: FileError.tooLarge(limit: 9)) { try WholeFile.read(path, limit: 9) }
        try tree.file("empty", "")
        #expect(try WholeFile.read("\(tree.path)/empty", limit: 0) == [])
    }

    @Test func `links are followed, as secrets are mounted through them`() throws {
        try tree.file("key", "abc")
        try tree.link("link", to: "key")

        #expect(try WholeFile.read("\(tree.path)/link", limit: 10) == Array("abc".utf8))
    }

    @Test func `what is no file is refused and hangs nobody`() throws {
        try tree.check(mkfifo("\(tree.path)/pipe", 0o600), "mkfifo")

        #expect(throws: FileError.notRegular(.fifo)) {
            try WholeFile.read("\(tree.path)/pipe", limit: 10)
        }
        #expect(throws: FileError.notRegular(.device)) {
            try WholeFile.read("/dev/zero", limit: 10)
        }
        #expect(throws: FileError.notRegular(.directory)) {
            try WholeFile.read(tree.path, limit: 10)
        }
        #expect(throws: FileError.notFound) { try WholeFile.read("\(tree.path)/no", limit: 10) }
        #expect(throws: FileError.brokenRule(.hasControlCharacter)) {
            try WholeFile.read("\(tree.path)/pipe\u{0}", limit: 10)
        }
    }

    @Test func `a written file is its owner's alone and comes back`() throws {
        let bytes = [UInt8](repeating: 7, count: 300_000)

        try WholeFile.write(bytes, to: "\(tree.path)/out")

        #expect(try WholeFile.read("\(tree.path)/out", limit: 300_000) == bytes)
        #expect(try mode("out") == 0o600)
        #expect(try names() == ["out"])
    }

    @Test func `an older file is replaced, its mode too, and a link is not written through`() throws
    {
        try tree.file("target", "old")
        try tree.file("out", "old")
        try tree.link("link", to: "target")

        try WholeFile.write(Array("new".utf8), to: "\(tree.path)/out")
        try WholeFile.write([], to: "\(tree.path)/link")

        #expect(try WholeFile.read("\(tree.path)/out", limit: 9) == Array("new".utf8))
        #expect(try mode("out") == 0o600)
        #expect(try WholeFile.read("\(tree.path)/target", limit: 9) == Array("old".utf8))
        #expect(try WholeFile.read("\(tree.path)/link", limit: 9) == [])
    }

    @Test func `a file that cannot be written leaves nothing behind`() throws {
        try tree.folder("folder")
        try tree.file("folder/kept", "kept")

        #expect(throws: FileError.self) { try WholeFile.write([1], to: "\(tree.path)/folder") }
        #expect(throws: FileError.notFound) { try WholeFile.write([1], to: "\(tree.path)/no/out") }
        for name in ["", "/", "/.", "/..", "/folder/"] {
            #expect(throws: FileError.self) { try WholeFile.write([1], to: tree.path + name) }
        }

        #expect(try names() == ["folder"])
        #expect(try WholeFile.read("\(tree.path)/folder/kept", limit: 9) == Array("kept".utf8))
    }

    @Test func `a full disk is an error, and leaves nothing behind`() async throws {
        await #expect(processExitsWith: .success) {
            // A limit on the size of files stands in for the disk's.
            signal(SIGXFSZ, SIG_IGN)
            let tree = try TemporaryTree()
            var limit = rlimit(rlim_cur: 1000, rlim_max: 1000)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let bytes = [UInt8](repeating: 1, count: 5000)
            #expect(throws: FileError.system(call: "write", code: EFBIG)) {
                try WholeFile.write(bytes, to: "\(tree.path)/out")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: tree.path) == [])
        }
    }

    @Test func `standard input is read to its end, or to the limit`() async throws {
        await #expect(processExitsWith: .success) {
            let tree = try TemporaryTree()
            try tree.file("input", String(repeating: "x", count: 100_000))
            for (limit, fits) in [(100_000, true), (99_999, false)] {
                let input = open("\(tree.path)/input", O_RDONLY)
                dup2(input, STDIN_FILENO)
                close(input)
                let bytes = try? WholeFile.readStandardInput(limit: limit)
                #expect(bytes?.count == (fits ? 100_000 : nil))
            }
        }
    }

    @Test func `standard input that was made non-blocking is waited for`() async throws {
        await #expect(processExitsWith: .success) {
            var ends: [CInt] = [0, 0]
            guard pipe(&ends) == 0, fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 else { exit(1) }
            dup2(ends[0], STDIN_FILENO)
            let writer = ends[1]
            let threads = BlockingThreads(name: "test")
            let reading = Task {
                try await threads.run { try WholeFile.readStandardInput(limit: 10) }
            }
            #expect(write(writer, "abc", 3) == 3)
            close(writer)
            let bytes = try await reading.value
            #expect(bytes == Array("abc".utf8))
        }
    }

    @Test func `descriptors that run out are an error of their own`() async throws {
        await #expect(processExitsWith: .success) {
            let directory = try MediaDirectory(path: "/proc/self")
            var limit = rlimit(rlim_cur: 3, rlim_max: 3)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            #expect(throws: FileError.tooManyOpen) { try directory.openOnThisThread("status") }
        }
    }
}
