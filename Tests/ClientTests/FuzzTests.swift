import Foundation
import Support
import Testing

@testable import Crypto
@testable import Files
@testable import HTTP

/// Readers of outside bytes, tried with good input that was changed at random.
@Suite(.timeLimit(.minutes(600)))
struct FuzzTests {
    // MARK: HTTP

    @Test func `a request means the same wherever it is cut, whatever is in it`() async throws {
        let requests =
            HTTPRequestHeadTests.valid
            + MalformedRequest.all.map(\.text)
            .filter { $0.utf8.count < 1000 }
        let words = [
            "\r\n", "\n", "\r", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
            "Host: a\r\n", "HTTP/1.1", "%00", "%2e", "5\r\n", "0\r\n\r\n", " ", ":", "\0", ";a=b",
        ]
        var limits = HTTPServerLimits()
        limits.bodyBytes = 100
        let fuzzer = Fuzzer("requests", corpus: requests.map { Array($0.utf8) }, words: words)

        try await fuzzer.run(rounds: 3000) { input in
            let whole = HTTPRequestHeadTests.story([input], limits: limits)
            let cut = HTTPRequestHeadTests.story(input.map { [$0] }, limits: limits)
            try BrokenPromise.unless(cut == whole, "another request when the bytes come singly")
            try BrokenPromise.unless(
                whole.utf8.count <= 12 * input.count + 100,
                "it says more than came"
            )
        }
    }

    @Test func `an answer's head is kept within its limits and without control characters`()
        async throws
    {
        let heads = [
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/2 206\r\n"
                + "Content-Range: bytes 0-1/2\r\nX: a\r\n b\r\n\r\n",
            "HTTP/1.1 302 Found\r\nLocation: https://a.example/\r\nRetry-After: 30\r\n\r\nT: 1\r\n",
        ]
        let words = ["HTTP/1.1 ", "Content-Length: 1\r\n", ":", "\r\n", " ", "\t", "\u{7F}", "999"]
        var limits = HTTPLimits()
        limits.responseHeaderBytes = 400
        let fuzzer = Fuzzer("answers", corpus: heads.map { Array($0.utf8) }, words: words)

        try await fuzzer.run(rounds: 6000) { input in
            // A refusal is all right: then there is nothing to look at.
            guard let response = Self.response(to: input, limits) else { return }
            try BrokenPromise.unless((200...999).contains(response.status), "no final status")
            let text = response.headers.fields.map { $0.name + $0.value }.joined()
            try BrokenPromise.unless(text.utf8.count <= 400 * 3, "more than the limit is kept")
            let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            try BrokenPromise.unless(isPlain, "a control character in a header")
            let lengths = Set(response.headers.all("Content-Length"))
            try BrokenPromise.unless(lengths.count <= 1, "two lengths")
        }
    }

    private static func response(to input: [UInt8], _ limits: HTTPLimits) -> HTTPResponse? {
        var collector = ResponseCollector(limits: limits)
        var line: [UInt8] = []
        do {
            for byte in input {
                line.append(byte)
                guard byte == 0x0A else { continue }
                try line.withUnsafeBytes { try collector.addLine($0) }
                line = []
            }
            return try collector.response(bytesSent: 0)
        } catch {
            return nil
        }
    }

    // MARK: Addresses and paths

    @Test func `an address at random is refused, or public https by its name`() async throws {
        let good = [
            "https://cdn.example.com/a%20b/v.mp4?X-Signature=1%2F2", "https://a_b.example.com:443/",
            "https://xn--bcher-kva.example/",
        ]
        let bad = (HTTPGuardedURLTests.published + HTTPGuardedURLTests.others).map(\.text)
        let words = [
            "@", ":", "//", "127.0.0.1", "[::1]", "%00", "\\", "#", "?", ".", "0x7f", "localhost",
            "%2e%2e/", "\r\n", "\u{3002}", "xn--",
        ]
        let fuzzer = Fuzzer(
            "addresses",
            corpus: (good + bad).map { Array($0.utf8) },
            words: words
        )

        try await fuzzer.run(rounds: 8000) { input in
            let text = String(decoding: input, as: UTF8.self)
            // A refusal is all right: then nothing is asked of anybody.
            guard let guarded = try? GuardedURL(text, allowed: .anyPublic) else { return }
            let url = guarded.url
            try BrokenPromise.unless(url.scheme == "https" && url.port == 443, "not https on 443")
            try BrokenPromise.unless(!url.hasCredentials, "credentials")
            try BrokenPromise.unless(IPAddress.bytes(of: url.host) == nil, "an address")
            try BrokenPromise.unless(HostName.isSound(url.host), "an unsound name")
            try BrokenPromise.unless(!HostName.isSpecial(url.host), "a special name")
            let again = try GuardedURL(url.text, allowed: .anyPublic)
            try BrokenPromise.unless(again.url == url, "it means something else the second time")
            try BrokenPromise.unless(!"\(guarded)".contains("?"), "it prints its query")
        }
    }

    @Test func `a path at random is refused, or stays where it is`() async throws {
        let paths = [
            "a/b.mp4", "ünï/ä.mp4", "a/./b//c", "a/../../etc/passwd", "/etc/passwd", "a\\..\\b",
            "%2e%2e/a", "..%2fa", "a/..", "\u{FF0E}\u{FF0E}/a", "a\u{0}b",
        ]
        let words = ["..", "/", "\\", "%2e", "%252e", "%c0%ae", "\u{2025}", "\u{FF0F}", "\0", "."]
        let fuzzer = Fuzzer("paths", corpus: paths.map { Array($0.utf8) }, words: words)

        try await fuzzer.run(rounds: 8000) { input in
            let text = String(decoding: input, as: UTF8.self)
            // A refusal is all right: then nothing is opened.
            if let name = try? RelativeName(text) {
                let parts = name.text.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
                try BrokenPromise.unless(!parts.contains(Array("..".utf8)), "it goes up")
                try BrokenPromise.unless(!name.text.hasPrefix("/"), "it is absolute")
                try BrokenPromise.unless(name.text.utf8.allSatisfy { $0 >= 0x20 }, "a control")
            }
            guard RelativeName.brokenRule(ofEncoded: text) == nil else { return }
            var decoded = text
            for _ in 0..<2 {
                decoded = decoded.removingPercentEncoding ?? decoded
                let parts = decoded.split { "/\\".contains($0) }
                try BrokenPromise.unless(!parts.contains(".."), "it goes up once it is decoded")
                try BrokenPromise.unless(!decoded.contains("\0"), "a NUL once it is decoded")
            }
        }
    }

    // MARK: Sealed tokens

    @Test func `only the very token opens`() async throws {
        let fernet = try FernetTests.fernet(FernetTests.specKeyText)
        let tokens = FernetTests.sealed.filter { $0.key == FernetTests.specKeyText }
        let known = Set(tokens.map(\.token))
        let fuzzer = Fuzzer(
            "tokens",
            corpus: tokens.map { Array($0.token.utf8) },
            words: ["=", "==", "gAAAAA", "\n", "+", "/", "-_", "AAAA"]
        )

        try await fuzzer.run(rounds: 4000) { input in
            let text = String(decoding: input, as: UTF8.self)
            do throws(CryptoError) {
                _ = try fernet.open(text)
            } catch {
                return try BrokenPromise.unless(error == .badToken, "it says why: \(error)")
            }
            let bare = String(
                text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }
                    .reversed()
            )
            try BrokenPromise.unless(known.contains(bare), "another token opens")
        }
    }
}
