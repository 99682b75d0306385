import Foundation
import Processes
import Support
import Testing

/// `demo` as a person runs it.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct DemoTests {
    /// The short video of the repository.
    static let clip = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "deploy/clip.mp4").path

    @Test func `the demo publishes and explains, and leaves nothing behind`() async throws {
        try await TestBed.run { bed in
            let place = try DemoPlace(bed)

            let result = try await place.start().waitForExit(limit: .seconds(240))

            #expect(result.code == 0, "\(result)")
            for words in [
                "✓ demo-short: posted once; SHA-256 at the sandbox equals the file's",
                "✓ demo-long: posted once; SHA-256 at the sandbox equals the file's",
                "✓ demo-photos: published once, from addresses that TikTok fetches itself",
                "✓ demo-draft: delivered once, from addresses that TikTok fetches itself",
                "✓ demo-refused: refused by TikTok and not posted; the creator can mend it",
            ] {
                #expect(result.out.contains(words), "\(result)")
            }
            #expect(!result.out.contains("✗"))
            try await place.expectNothingLeft()
        }
    }

    @Test(arguments: ["starting a private", "publishes them"])
    func `an interrupted demo leaves nothing behind`(after words: String) async throws {
        try await TestBed.run { bed in
            let place = try DemoPlace(bed)
            let demo = try place.start()
            try await waitUntil(words, state: { demo.out + demo.err }) { demo.out.contains(words) }

            demo.send(.interrupt)
            let result = try await demo.waitForExit()

            #expect(result.code == 1, "\(result)")
            #expect(result.err.contains("nothing is left running"))
            try await place.expectNothingLeft()
        }
    }

    @Test func `a killed demo leaves nothing behind`() async throws {
        try await TestBed.run { bed in
            let place = try DemoPlace(bed)
            let demo = try place.start()
            try await waitUntil("jobs", state: { demo.out + demo.err }) {
                demo.out.contains("publishes them")
            }

            await demo.kill()

            try await place.expectNothingLeft()
        }
    }

    @Test func `a kept demo takes jobs until it is interrupted`() async throws {
        try await TestBed.run { bed in
            let place = try DemoPlace(bed)
            let demo = try place.start(["--keep"])
            try await waitUntil("the settings", limit: .seconds(240), state: { demo.out }) {
                demo.out.contains("until Ctrl-C")
            }
            let settings = try #require(place.files().first { $0.hasSuffix("/demo.env") })

            let result = try await bed.run(
                "enqueue",
                "--wait",
                "--env-file",
                settings,
                input: #"{"id":"mine","account":"mira","video":"short.mp4","privacy":"private"}"#
            )
            demo.send(.interrupt)
            _ = try await demo.waitForExit()

            #expect(result.code == 0, "\(result)")
            try await place.expectNothingLeft()
        }
    }

    @Test func `a clip that is no video is refused with a sentence`() async throws {
        try await TestBed.run { bed in
            let missing = try await bed.run("demo", "--clip", "/no/such/clip.mp4")
            let wrong = try await bed.run("demo", "--clip", "/etc/passwd")

            for result in [missing, wrong] {
                #expect(result.code == 1, "\(result)")
                #expect(result.err.contains("--clip"))
            }
        }
    }
}

/// A folder for what a demo makes, so that one sees what it leaves.
private struct DemoPlace {
    let bed: TestBed
    let folder: String

    init(_ bed: TestBed) throws {
        self.bed = bed
        folder = bed.folder + "/demo"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o711]
        )
        try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: bed.folder)
    }

    func start(_ more: [String] = []) throws -> RunningProgram {
        try bed.start(["demo", "--clip", DemoTests.clip] + more, environment: ["TMPDIR": folder])
    }

    /// Every file the demo has made, with its path.
    func files() -> [String] {
        let names = FileManager.default.enumerator(atPath: folder)?.allObjects ?? []
        return names.compactMap { $0 as? String }.map { "\(folder)/\($0)" }
    }

    /// The caretaker of a killed demo is nobody's child: all one can do is look.
    func expectNothingLeft() async throws {
        try await waitUntil("an empty folder", state: { "\(files())" }) { files().isEmpty }
        try await waitUntil("no process", state: { "\(processes())" }) { processes().isEmpty }
    }

    /// Processes that work in the demo's folder.
    private func processes() -> [String] {
        let manager = FileManager.default
        let numbers = (try? manager.contentsOfDirectory(atPath: "/proc")) ?? []
        return numbers.filter { number in
            guard Int32(number) != nil else { return false }
            // It may have ended since the folder was read.
            let place = try? manager.destinationOfSymbolicLink(atPath: "/proc/\(number)/cwd")
            return place?.hasPrefix(folder) == true
        }
    }
}
