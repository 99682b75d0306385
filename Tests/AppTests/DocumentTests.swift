import Crypto
import Files
import Foundation
import Testing

@testable import App
@testable import Publishing

/// What `accounts add` reads, and what the demo writes.
struct DocumentTests {
    private let now = Date(timeIntervalSince1970: 1_795_372_200)

    private func read(_ text: String, account: String = "mira") throws -> Accounts.Connection {
        try AccountDocument.read(Array(text.utf8), account: account, now: now)
    }

    @Test func `TikTok's own token answer is a connection`() throws {
        let connection = try read(
            """
            {"access_token":"act.1","refresh_token":"rft.1","open_id":"o","expires_in":86400,
             "refresh_expires_in":31536000,"scope":"video.publish,user.info.basic",
             "token_type":"Bearer","username":"mira","daily_post_limit":3}
            """
        )

        #expect(connection.account == "mira" && connection.openID == "o")
        #expect(connection.accessToken.reveal() == "act.1")
        #expect(connection.refreshToken?.reveal() == "rft.1")
        #expect(connection.scopes == ["video.publish", "user.info.basic"])
        #expect(connection.accessExpiresAt == now + 86_400)
        #expect(connection.refreshExpiresAt == now + 31_536_000)
        #expect(connection.username == "mira" && connection.dailyPostLimit == 3)
    }

    @Test func `an access token is enough`() throws {
        let connection = try read("{\"access_token\":\"a\",\"username\":null}")

        #expect(connection.refreshToken == nil && connection.scopes == [])
        #expect(connection.accessExpiresAt == nil && connection.dailyPostLimit == nil)
    }

    @Test func `an instant wins over seconds`() throws {
        let connection = try read(
            """
            {"access_token":"a","access_expires_at":"2026-11-22T18:30:01Z","expires_in":9,
             "scopes":["video.upload"]}
            """
        )

        #expect(connection.accessExpiresAt == now + 1 && connection.scopes == ["video.upload"])
    }

    @Test(arguments: [
        "", "[]", "null", "{}", "{\"access_token\":1}", "{\"access_token\":\"\"}",
        "{\"access_token\":\"a\",\"acces_expires_at\":1}",
        "{\"access_token\":\"a\",\"open_id\":7}", "{\"access_token\":\"a\",\"username\":\"\"}",
        "{\"access_token\":\"a\",\"username\":\"x\\u0000\"}",
        "{\"access_token\":\"a\",\"scopes\":\"x\"}", "{\"access_token\":\"a\",\"scopes\":[1]}",
        "{\"access_token\":\"a\",\"expires_in\":-1}",
        "{\"access_token\":\"a\",\"expires_in\":\"5\"}",
        "{\"access_token\":\"a\",\"expires_in\":100000001}",
        "{\"access_token\":\"a\",\"access_expires_at\":\"soon\"}",
        "{\"access_token\":\"a\",\"daily_post_limit\":100001}",
    ])
    func `a document that breaks a rule is refused`(_ text: String) {
        #expect(throws: CommandFailure.self) { try read(text) }
    }

    @Test(arguments: ["", "a b", "ä", "a/b", String(repeating: "a", count: 129)])
    func `an account's name keeps to its alphabet`(_ name: String) {
        #expect(throws: CommandFailure.self) { try read("{\"access_token\":\"a\"}", account: name) }
    }

    @Test func `a refusal repeats no token`() {
        let text = "{\"access_token\":\"act.hunter2\",\"hunter\\u001b\":1,\"open_id\":5}"

        do {
            _ = try read(text)
            Issue.record("was accepted")
        } catch {
            #expect(!"\(error)".contains("hunter2") && !"\(error)".contains("\u{1B}"))
        }
    }

    // MARK: The demo's videos

    /// Type and length of each box at the top of an MP4.
    private static func boxes(of bytes: [UInt8]) -> [(type: String, bytes: Int)] {
        var found: [(String, Int)] = []
        var place = 0
        while place + 8 <= bytes.count, found.count < 100 {
            let size = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            found.append((String(decoding: bytes[place + 4..<place + 8], as: UTF8.self), size))
            guard size >= 8 else { break }
            place += size
        }
        return found
    }

    /// Making 52 MB takes a while without the optimiser: on a thread of its own, so that the tests
    /// beside it, some of which watch for stalls, are not held up.
    @Test func `both videos are whole MP4 files, and their hashes are right`() async throws {
        try await BlockingThreads(name: "demo-media", count: 1).run { try Self.checkMedia() }
    }

    private static func checkMedia() throws {
        let root = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "demo-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }

        let media = try DemoMedia(
            clip: root.appending(path: "deploy/clip.mp4").path,
            folder: folder.path
        )

        for name in [DemoMedia.short, DemoMedia.long] {
            let bytes = try WholeFile.read(folder.path + "/" + name, limit: 64 << 20)
            let boxes = boxes(of: bytes)
            #expect(boxes.first?.type == "ftyp")
            #expect(boxes.contains { $0.type == "moov" } && boxes.contains { $0.type == "mdat" })
            #expect(boxes.map(\.bytes).reduce(0, +) == bytes.count, "\(name) \(boxes)")
            #expect(media.sha256[name] == SHA256.hex(bytes))
            if name == DemoMedia.long {
                #expect(bytes.count == DemoMedia.longBytes && boxes.last?.type == "free")
            }
        }
    }

    @Test(arguments: ["/nowhere", "/etc/passwd"])
    func `a clip that is none is refused`(_ path: String) {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "demo-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }

        #expect(throws: CommandFailure.self) {
            try DemoMedia(clip: path, folder: folder.path)
        }
    }
}
