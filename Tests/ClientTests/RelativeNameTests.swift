import Testing

@testable import Files

/// What a path from outside may say, as a file's name and as the path of an address.
struct RelativeNameTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        let rule: FileNameRule?
        var testDescription: String { text.debugDescription }

        init(_ text: String, _ rule: FileNameRule?) {
            self.text = text
            self.rule = rule
        }
    }

    static let names = [
        Row("a/\u{FF0E}\u{FF0E}/b", .goesUp), Row("\u{2025}/b", .goesUp),
        Row("a/\u{2024}\u{2024}/b", .goesUp), Row("a/\u{FE52}./b", .goesUp),
        Row("..\u{FF0F}secret", .goesUp), Row("a\u{2215}..\u{2215}b", .goesUp),
        Row("a\u{2044}..", .goesUp), Row("..\u{FF3C}secret", .goesUp),
        Row("..\u{2216}secret", .goesUp), Row("a/..\\b", .hasBackslash),
        Row("a\u{1B}[2Jb", .hasControlCharacter), Row("a\u{9B}b", .hasControlCharacter),
        Row("a/%2e%2e/b", nil), Row("..%c0%af", nil), Row("100%.mp4", nil),
        // Japanese titles have full-width slashes and dots where Latin ones have none.
        Row("AC\u{FF0F}DC\u{FF0E}mp4", nil), Row("to be continued\u{2026}.mp4", nil),
        Row("...", nil), Row("a..b/c..", nil), Row("\u{202E}4pm.a", nil),
    ]

    @Test(arguments: names)
    func `a file's name may not go up in any alphabet`(row: Row) {
        var broken: FileError?
        do throws(FileError) {
            _ = try RelativeName(row.text)
        } catch {
            broken = error
        }
        #expect(broken == row.rule.map(FileError.brokenRule))
    }

    static let paths = [
        Row("/../secret", .goesUp), Row("/a/..", .goesUp), Row("/%2e%2e/secret", .goesUp),
        Row("/%2E./secret", .goesUp), Row("/a%2F..%2Fb", .goesUp), Row("/..%2fsecret", .goesUp),
        Row("/..%5Csecret", .hasBackslash), Row("/a%5cb", .hasBackslash),
        Row("/a%00.jpg", .hasControlCharacter), Row("/a%0d%0aHost:b", .hasControlCharacter),
        Row("/a%7f", .hasControlCharacter), Row("/a%C2%9B", .hasControlCharacter),
        Row("/%c0%ae%c0%ae/secret", .hasBadEscape), Row("/..%c0%af", .hasBadEscape),
        Row("/%e0%80%ae%e0%80%ae/", .hasBadEscape), Row("/a%ff", .hasBadEscape),
        Row("/%u002e%u002e/", .hasBadEscape), Row("/a%", .hasBadEscape),
        Row("/a%2", .hasBadEscape), Row("/a%zz", .hasBadEscape), Row("/a%+2e", .hasBadEscape),
        Row("/%252e%252e/secret", .isEncodedTwice), Row("/..%252fsecret", .isEncodedTwice),
        Row("/%25%32%65%252e/b", .isEncodedTwice), Row("/..%255csecret", .isEncodedTwice),
        Row("/a%2500.jpg", .isEncodedTwice), Row("/%25c0%25ae", .isEncodedTwice),
        Row("/%EF%BC%8E%EF%BC%8E/secret", .goesUp), Row("/..%EF%BC%8Fsecret", .goesUp),
        Row("/%E2%80%A5/secret", .goesUp),
        Row("/" + String(repeating: "a", count: 16 * 1024), .isTooLong),
        Row("/", nil), Row("/a/b.jpg", nil), Row("/100%25.jpg", nil), Row("/a%20b%C3%A4.jpg", nil),
        // Some stores have encoded slashes in the names of their objects.
        Row("/v0/b/bucket/o/images%2Fphoto.jpg", nil), Row("/a//b/", nil), Row("/a...b/...", nil),
        Row("/50%2525.jpg", nil),
    ]

    @Test(arguments: paths)
    func `an address's path may not go up for whoever decodes it once or twice`(row: Row) {
        #expect(RelativeName.brokenRule(ofEncoded: row.text) == row.rule)
    }
}
