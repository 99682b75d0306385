import FoundationEssentials
import Glibc
import Testing

@testable import Files

/// Everything that tries to leave the folder, by the kernel's own containment and by the walk that
/// old kernels get.
struct MediaDirectoryTests {
    private let tree: TemporaryTree

    /// `media` is the folder; `secret` beside it must never be read.
    init() throws {
        tree = try TemporaryTree()
        try tree.folder("media")
        try tree.folder("media/sub")
        try tree.file("secret", "outside")
        try tree.file("media/ok.mp4", "inside")
        try tree.file("media/sub/ok.mp4", "below")
        try tree.file("media/a%2fb %2e%2e.mp4", "percent")
        try tree.file("media/" + String(repeating: "n", count: 255), "long")
        try tree.link("media/to-file", to: "sub/ok.mp4")
        try tree.link("media/to-folder", to: "sub")
        try tree.link("media/sub/up", to: "../ok.mp4")
        try tree.link("media/round", to: "./sub/../sub//up")
        try tree.link("media/absolute-inside", to: "\(tree.path)/media/ok.mp4")
        try tree.link("media/absolute", to: "/etc/passwd")
        try tree.link("media/out", to: "../secret")
        try tree.link("media/out-and-in", to: "../media/ok.mp4")
        try tree.link("media/parent", to: "..")
        try tree.link("media/sub/far-up", to: "../../secret")
        try tree.link("media/root", to: "/")
        try tree.link("media/loop", to: "pool")
        try tree.link("media/pool", to: "loop")
        try tree.link("media/self", to: "self")
        try tree.link("media/dangling", to: "nothing")
        try tree.link("media/folder-slash", to: "sub/")
        try tree.link("media/file-slash", to: "ok.mp4/")
        try tree.check(mkfifo("\(tree.path)/media/pipe", 0o644), "mkfifo")
        try tree.socket("media/socket")
        try tree.check(
            Glibc.link("\(tree.path)/secret", "\(tree.path)/media/hard"),
            "link"
        )
    }

    private func directory(_ containment: Containment) throws -> MediaDirectory {
        try MediaDirectory(path: "\(tree.path)/media", containment: containment)
    }

    // MARK: Names that are refused

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let errors: [FileError]
        var testDescription: String { "\(name.prefix(40).debugDescription)" }

        init(_ name: String, _ errors: FileError...) {
            self.name = name
            self.errors = errors
        }
    }

    static let refusals = [
        Refusal("", .brokenRule(.isEmpty)),
        Refusal("../secret", .brokenRule(.goesUp)),
        Refusal("..", .brokenRule(.goesUp)),
        Refusal("a/../../secret", .brokenRule(.goesUp)),
        Refusal("sub/../ok.mp4", .brokenRule(.goesUp)),
        Refusal("sub/..", .brokenRule(.goesUp)),
        Refusal("/etc/passwd", .brokenRule(.isAbsolute)),
        Refusal("//etc/passwd", .brokenRule(.isAbsolute)),
        Refusal("/", .brokenRule(.isAbsolute)),
        Refusal("ok.mp4\u{0}", .brokenRule(.hasControlCharacter)),
        Refusal("ok.mp4\u{0}.jpg", .brokenRule(.hasControlCharacter)),
        Refusal("a\nb", .brokenRule(.hasControlCharacter)),
        Refusal("a\u{7f}b", .brokenRule(.hasControlCharacter)),
        Refusal("a\u{85}b", .brokenRule(.hasControlCharacter)),
        Refusal("..\\secret", .brokenRule(.hasBackslash)),
        Refusal("C:\\secret", .brokenRule(.hasBackslash)),
        Refusal("ok.mp4/", .brokenRule(.endsWithSlash)),
        Refusal("sub/", .brokenRule(.endsWithSlash)),
        Refusal(String(repeating: "n", count: 256), .brokenRule(.isTooLong)),
        Refusal("sub/" + String(repeating: "ü", count: 128), .brokenRule(.isTooLong)),
        Refusal(String(repeating: "./", count: 2048) + "a", .brokenRule(.isTooLong)),
        Refusal(String(repeating: "a/", count: 128) + "a", .brokenRule(.isTooDeep)),
        Refusal(".", .notRegular(.directory)),
        Refusal("./.", .notRegular(.directory)),
        Refusal("sub", .notRegular(.directory)),
        Refusal("to-folder", .notRegular(.directory)),
        Refusal("folder-slash", .notRegular(.directory)),
        Refusal("file-slash", .notFound),
        Refusal("nothing", .notFound),
        Refusal("ok.mp4/more", .notFound),
        Refusal("dangling", .notFound),
        Refusal("%2e%2e%2fsecret", .notFound),
        Refusal("..%2fsecret", .notFound),
        Refusal("~/secret", .notFound),
        Refusal("out", .outsideFolder),
        Refusal("out-and-in", .outsideFolder),
        Refusal("parent", .outsideFolder),
        Refusal("parent/secret", .outsideFolder),
        Refusal("parent/media/ok.mp4", .outsideFolder),
        Refusal("sub/far-up", .outsideFolder),
        Refusal("to-folder/far-up", .outsideFolder),
        Refusal("absolute", .outsideFolder),
        Refusal("absolute-inside", .outsideFolder),
        Refusal("root/etc/passwd", .outsideFolder),
        Refusal("root", .outsideFolder),
        Refusal("loop", .badLink),
        Refusal("self", .badLink),
        Refusal("self/ok.mp4", .badLink),
        Refusal("pipe", .notRegular(.fifo)),
        Refusal("socket", .notRegular(.socket)),
    ]

    @Test(arguments: refusals, Containment.all)
    func `a name that leads elsewhere is refused, and nothing is read or left open`(
        _ row: Refusal,
        _ containment: Containment
    ) throws {
        let directory = try directory(containment)
        try tree.forgetReading("secret")

        let error = #expect(throws: FileError.self) { try directory.openOnThisThread(row.name) }

        if let error { #expect(row.errors.contains(error)) }
        #expect(try !tree.wasRead("secret"))
        #expect(tree.openDescriptors() == 1, "only the folder itself may be open")
    }

    @Test func `a refusal never repeats the name`() throws {
        let directory = try directory(.automatic)
        try tree.link("media/holiday-1", to: "..")
        try tree.link("media/holiday-2", to: "holiday-2")
        try tree.folder("media/holiday-3")

        for name in [
            "holiday", "/holiday", "../holiday", "holiday/", "holiday-1", "holiday-2", "holiday-3",
        ] {
            let error = #expect(throws: FileError.self) { try directory.openOnThisThread(name) }
            #expect(error?.description.contains("holiday") == false)
        }
    }

    @Test(arguments: Containment.all)
    func `the kernel's own links in proc are refused`(_ containment: Containment) throws {
        let proc = try MediaDirectory(path: "/proc", containment: containment)

        for name in ["self/root/etc/passwd", "self/cwd/secret", "self/exe", "thread-self/exe"] {
            let error = #expect(throws: FileError.self) { try proc.openOnThisThread(name) }
            #expect(error == .badLink || error == .outsideFolder)
        }
        #expect(throws: Never.self) { try proc.openOnThisThread("self/status") }
    }

    @Test(arguments: Containment.all)
    func `a pipe that someone writes to is refused with its bytes still in it`(
        _ containment: Containment
    ) throws {
        let pipe = open("\(tree.path)/media/pipe", O_RDWR | O_NONBLOCK)
        defer { close(pipe) }
        #expect(write(pipe, "kept", 4) == 4)

        #expect(throws: FileError.notRegular(.fifo)) {
            try directory(containment).openOnThisThread("pipe")
        }

        var bytes = [UInt8](repeating: 0, count: 8)
        #expect(read(pipe, &bytes, 8) == 4)
    }

    @Test(arguments: Containment.all)
    func `a device is refused`(_ containment: Containment) throws {
        let made = mknod("\(tree.path)/media/null", S_IFCHR | 0o666, 0x103)
        if made != 0 {
            try Test.cancel("making a device needs root, errno \(errno)")
        }

        #expect(throws: FileError.notRegular(.device)) {
            try directory(containment).openOnThisThread("null")
        }
    }

    // MARK: Names that are allowed

    static let allowed = [
        ("ok.mp4", "inside"), ("sub/ok.mp4", "below"), ("./ok.mp4", "inside"),
        ("sub//./ok.mp4", "below"), ("to-file", "below"), ("to-folder/ok.mp4", "below"),
        ("sub/up", "inside"), ("to-folder/up", "inside"), ("round", "inside"),
        ("a%2fb %2e%2e.mp4", "percent"), (String(repeating: "n", count: 255), "long"),
        // A hard link is the file itself; whoever may make one in the folder may read it.
        ("hard", "outside"),
    ]

    @Test(arguments: allowed, Containment.all)
    func `a name that stays inside opens, through links too`(
        _ row: (name: String, text: String),
        _ containment: Containment
    ) async throws {
        let directory = try directory(containment)

        #expect(try directory.openOnThisThread(row.name).text() == row.text)
        #expect(try await directory.open(row.name).text() == row.text)
        #expect(await tree.settledDescriptors(1) == 1)
    }

    @Test(arguments: Containment.all)
    func `forty links are followed and one more is not`(_ containment: Containment) throws {
        try tree.link("media/chain1", to: "ok.mp4")
        for number in 2...41 {
            try tree.link("media/chain\(number)", to: "chain\(number - 1)")
        }
        let directory = try directory(containment)

        #expect(try directory.openOnThisThread("chain40").text() == "inside")
        #expect(throws: FileError.badLink) { try directory.openOnThisThread("chain41") }
    }

    @Test(arguments: Containment.all)
    func `putting another folder in its place changes nothing`(
        _ containment: Containment
    ) throws {
        let directory = try directory(containment)
        try tree.rename("media", "moved")
        try tree.folder("media")
        try tree.file("media/ok.mp4", "another")

        #expect(try directory.openOnThisThread("ok.mp4").text() == "inside")
    }

    @Test func `a folder that is none is refused at once`() {
        for name in ["nothing", "secret", "media/ok.mp4"] {
            #expect(throws: FileError.notFound) {
                try MediaDirectory(path: "\(tree.path)/\(name)")
            }
        }
        #expect(throws: FileError.brokenRule(.hasControlCharacter)) {
            try MediaDirectory(path: "\(tree.path)/media\u{0}")
        }
    }

    @Test func `an empty file opens and says so`() throws {
        try tree.file("media/empty", "")

        #expect(try directory(.automatic).openOnThisThread("empty").identity.size == 0)
    }
}

extension Containment {
    static let all = [Containment.automatic, .walk]
}

extension TemporaryTree {
    /// Sets the time of the last reading to 1970, so that the next reading shows.
    func forgetReading(_ name: String) throws {
        let times = [timespec(tv_sec: 0, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
        try check(utimensat(AT_FDCWD, "\(path)/\(name)", times, 0), "utimensat")
    }

    /// Always `false` where the file system is mounted with `noatime`.
    func wasRead(_ name: String) throws -> Bool {
        var status = stat()
        try check(stat("\(path)/\(name)", &status), "stat")
        return status.st_atim.tv_sec != 0
    }
}
