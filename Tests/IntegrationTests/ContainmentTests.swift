import Foundation
import Glibc
import JSON
import Publishing
import Sandbox
import Support
import Testing

/// Jobs whose media is not a video below MEDIA_ROOT: refused by name, and nothing is read.
@Suite(.timeLimit(.minutes(10)))
struct ContainmentTests {
    /// What a job names, and the code it must end with.
    static let refusals = [
        "../../etc/passwd": "media_path_refused",
        "../settings.mp4": "media_path_refused",
        "/etc/passwd": "media_path_refused",
        "deep/../../secret.mp4": "media_path_refused",
        "out.mp4": "media_path_refused",
        "away/passwd": "media_path_refused",
        "process/self/environ": "media_path_refused",
        "round.mp4": "media_path_refused",
        "a\\..\\b.mp4": "media_path_refused",
        "": "media_path_refused",
        "pipe.mp4": "media_not_a_file",
        "folder": "media_not_a_file",
        "socket.mp4": "media_not_a_file",
        "missing.mp4": "media_not_found",
        "empty.mp4": "media_empty",
        "text.mp4": "media_type_unknown",
        "file:///etc/passwd": "media_url_refused",
        "http://169.254.169.254/latest/meta-data": "media_url_refused",
    ]

    @Test func `a job that names anything but a video in the folder is refused`() async throws {
        // What is refused here is refused before its init, but has its place in the minute.
        try await TestBed.run(["INIT_PER_MINUTE": "1000", "CREATOR_INFO_PER_MINUTE": "1000"]) {
            bed in
            try await bed.connect("mira")
            let video = try bed.video("good.mp4", bytes: 100_000)
            try Self.furnish(bed)
            let worker = try bed.startWorker()

            let names = Self.refusals.keys.sorted()
            for (number, name) in names.enumerated() {
                try await bed.push(bed.job("job-\(number)", account: "mira", video: name))
            }
            for (number, name) in names.enumerated() {
                let row = try await bed.end(of: "job-\(number)", worker: worker)
                #expect(row.status == .failed, "\(name)")
                #expect(row.errorCode == Self.refusals[name], "\(name)")
                #expect(row.errorOwner == "upstream", "\(name)")
                #expect(row.publishID == nil)
            }
            #expect(bed.sandbox.report().requests.isEmpty)

            // A link that stays inside is a file like any other.
            try await bed.push(bed.job("inside", account: "mira", video: "folder/inside.mp4"))
            bed.expectPosted(try await bed.end(of: "inside", worker: worker), video)
            try await bed.expectDrains(worker)
            for secret in ["root:", "etc/passwd", "meta-data"] {
                #expect(!worker.err.contains(secret))
            }
        }
    }

    /// Puts what jobs must not reach into the media folder, and beside it.
    private static func furnish(_ bed: TestBed) throws {
        let files = FileManager.default
        _ = try TestVideo("secret.mp4", bytes: 50_000, in: bed.folder)
        for folder in ["folder", "deep"] {
            try files.createDirectory(
                atPath: "\(bed.media)/\(folder)",
                withIntermediateDirectories: false
            )
        }
        let links = [
            "out.mp4": "../secret.mp4", "away": "/etc", "process": "/proc",
            "round.mp4": "round.mp4", "folder/inside.mp4": "../good.mp4",
        ]
        for (name, target) in links {
            #expect(symlink(target, "\(bed.media)/\(name)") == 0)
        }
        #expect(mkfifo("\(bed.media)/pipe.mp4", 0o600) == 0)
        #expect(mknod("\(bed.media)/socket.mp4", S_IFSOCK | 0o600, 0) == 0)
        try Data().write(to: URL(filePath: "\(bed.media)/empty.mp4"))
        try Data("once upon a time".utf8).write(to: URL(filePath: "\(bed.media)/text.mp4"))
    }
}
