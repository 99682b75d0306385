import FoundationEssentials
import Glibc
import Support

@testable import Files

/// A throw-away folder; everything in it goes with the last owner.
final class TemporaryTree: Sendable {
    private let root: ScratchFolder

    var path: String { root.path }

    init() throws { root = try ScratchFolder("files") }

    func folder(_ name: String) throws {
        try check(mkdir("\(path)/\(name)", 0o755), "mkdir")
    }

    func file(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
    }

    func link(_ name: String, to target: String) throws {
        try check(symlink(target, "\(path)/\(name)"), "symlink")
    }

    func rename(_ old: String, _ new: String) throws {
        try check(Glibc.rename("\(path)/\(old)", "\(path)/\(new)"), "rename")
    }

    func socket(_ name: String) throws {
        let socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\(path)/\(name)".utf8) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) }
        }
        try check(bound, "bind")
    }

    /// How many descriptors of this process lead into the tree.
    func openDescriptors() -> Int {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return all.filter { name in
            let target = try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/fd/\(name)"
            )
            return target?.hasPrefix(path + "/") ?? false
        }.count
    }

    /// The same once it has come down to `expected`, or will not any more: the thread that read for
    /// a caller may let go of the file a moment after the caller has its answer.
    func settledDescriptors(_ expected: Int) async -> Int {
        for _ in 0..<2000 where openDescriptors() > expected {
            try? await Task.sleep(for: .milliseconds(1))
        }
        return openDescriptors()
    }

    func check(_ result: CInt, _ call: String) throws {
        guard result == 0 else { throw TreeError(call: call, code: errno) }
    }
}

struct TreeError: Error {
    let call: String
    let code: CInt
}

extension OpenFile {
    /// All of it.
    func text() throws -> String {
        String(decoding: try readOnThisThread(at: 0, count: Int(identity.size)), as: UTF8.self)
    }
}
