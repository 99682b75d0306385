import JSON
import Testing

@testable import Publishing

/// One document and the rule it breaks, or none.
struct RuleCase: Sendable, CustomTestStringConvertible {
    let name: String
    let document: [String: JSONValue]
    /// What the one message says; `nil`: the document is in order.
    let fault: String?

    var testDescription: String { name }

    static func accepted(_ name: String, _ document: [String: JSONValue]) -> RuleCase {
        RuleCase(name: name, document: document, fault: nil)
    }

    static func refused(
        _ name: String,
        _ document: [String: JSONValue],
        _ fault: String
    ) -> RuleCase {
        RuleCase(name: name, document: document, fault: fault)
    }
}

extension RuleCase {
    private static let key = "must be 1–128 characters of A–Z a–z 0–9 . _ : -"

    static let keys: [RuleCase] = [
        .accepted("an id of one character", Document.with(["id": "a"])),
        .accepted(
            "an id of 128",
            Document.with(["id": .string(String(repeating: "a", count: 128))])
        ),
        .accepted("an id of every kind of character", Document.with(["id": "AZaz09._:-"])),
        .refused(
            "an id of 129",
            Document.with(["id": .string(String(repeating: "a", count: 129))]),
            "id: \(key); got 129 characters"
        ),
        .refused("an empty id", Document.with(["id": ""]), "id: \(key); got 0 characters"),
        .refused("a blank in an id", Document.with(["id": "a b"]), "id: \(key); got 3 characters"),
        .refused("a slash in an id", Document.with(["id": "a/b"]), "id: \(key); got 3 characters"),
        .refused("an umlaut in an id", Document.with(["id": "ä"]), "id: \(key); got 1 characters"),
        .refused(
            "a digit from elsewhere",
            Document.with(["id": "٣"]),
            "id: \(key); got 1 characters"
        ),
        .refused(
            "a newline in an id",
            Document.with(["id": "a\n"]),
            "id: \(key); got 2 characters"
        ),
        .refused(
            "a semicolon, next to the colon",
            Document.with(["id": ";"]),
            "id: \(key); got 1 characters"
        ),
        .refused("no id", Document.without("id"), "id: is required; got nothing"),
        .refused("no account", Document.without("account"), "account: is required; got nothing"),
        .refused(
            "an account of 129",
            Document.with(["account": .string(String(repeating: "a", count: 129))]),
            "account: \(key); got 129 characters"
        ),
        .refused(
            "a NUL in an id",
            Document.with(["id": "a\0"]),
            "id: must not hold U+0000; got a string with a NUL"
        ),
    ]

    private static let both = "video: exactly one of video and photos is required; got"

    static let media: [RuleCase] = [
        .accepted("an address", Document.with(["video": "https://example.com/a.mp4"])),
        .accepted("one photo", photos(["photos": Document.photoList(1)])),
        .accepted("35 photos", photos(["photos": Document.photoList(35)])),
        .refused(
            "no photos",
            photos(["photos": []]),
            "photos: must be an array of 1–35 strings; got 0 items"
        ),
        .refused(
            "36 photos",
            photos(["photos": Document.photoList(36)]),
            "photos: must be an array of 1–35 strings; got 36 items"
        ),
        .refused(
            "photos as one string",
            photos(["photos": "a.jpg"]),
            "photos: must be an array of 1–35 strings; got a string"
        ),
        .refused(
            "a number among the photos",
            photos(["photos": ["a.jpg", 1]]),
            "photos: must hold strings only; got other items too"
        ),
        .refused(
            "null among the photos",
            photos(["photos": ["a.jpg", nil]]),
            "photos: must hold strings only; got other items too"
        ),
        .refused(
            "a NUL among the photos",
            photos(["photos": ["a\0.jpg"]]),
            "photos: must hold strings only; got other items too"
        ),
        .refused("neither", Document.without("video"), "\(both) neither"),
        .refused("both", Document.with(["photos": ["a.jpg"]]), "\(both) both"),
    ]

    static let texts: [RuleCase] = [
        .accepted("a title of 2200 units", Document.with(["title": Document.emoji(units: 2200)])),
        .refused(
            "a title of 2201 units",
            Document.with(["title": Document.emoji(units: 2201)]),
            "title: must have at most 2200 UTF-16 units; got 2201 UTF-16 units"
        ),
        .accepted("an empty title", Document.with(["title": ""])),
        .accepted("a photo title of 90", photos(["title": Document.emoji(units: 90)])),
        .refused(
            "a photo title of 91",
            photos(["title": Document.emoji(units: 91)]),
            "title: must have at most 90 UTF-16 units; got 91 UTF-16 units"
        ),
        .accepted("a description of 4000", photos(["description": Document.emoji(units: 4000)])),
        .refused(
            "a description of 4001",
            photos(["description": Document.emoji(units: 4001)]),
            "description: must have at most 4000 UTF-16 units; got 4001 UTF-16 units"
        ),
        .refused(
            "a family counts by its units, not as one character",
            Document.with(["title": .string(String(repeating: "👨‍👩‍👧", count: 276))]),
            "title: must have at most 2200 UTF-16 units; got 2208 UTF-16 units"
        ),
        .refused(
            "a NUL in a title",
            Document.with(["title": "a\0b"]),
            "title: must not hold U+0000; got a string with a NUL"
        ),
    ]

    private static let audience =
        "must be public, friends, followers, private, or TikTok's own word for one"

    static let choices: [RuleCase] = [
        .accepted("public", Document.with(["privacy": "public"])),
        .accepted("friends", Document.with(["privacy": "friends"])),
        .accepted("followers", Document.with(["privacy": "followers"])),
        .accepted("TikTok's words", Document.with(["privacy": "PUBLIC_TO_EVERYONE"])),
        .refused(
            "another audience",
            Document.with(["privacy": "everyone"]),
            "privacy: \(audience); got another string"
        ),
        .refused(
            "another case",
            Document.with(["privacy": "Public"]),
            "privacy: \(audience); got another string"
        ),
        .refused(
            "no audience for a direct post",
            Document.without("privacy"),
            "privacy: is required for direct posts: public, friends, followers or private; "
                + "got nothing"
        ),
        .accepted("no audience for a draft", draft(Document.without("privacy"))),
        .accepted("an audience for a draft", draft(Document.video)),
        .refused(
            "another mode",
            Document.with(["mode": "DIRECT"]),
            "mode: must be direct or draft; got another string"
        ),
        .refused(
            "another transfer",
            Document.with(["transfer": "push"]),
            "transfer: must be upload or pull; got another string"
        ),
        .accepted("a pulled video", Document.with(["transfer": "pull"])),
    ]

    private static let attempts = "max_attempts: must be an integer from 1 to 50; got"
    private static let cover =
        "video_cover_timestamp_ms: must be an integer from 0 to 2147483647; got"

    static let numbers: [RuleCase] = [
        .accepted("1 attempt", Document.with(["max_attempts": 1])),
        .accepted("50 attempts", Document.with(["max_attempts": 50])),
        .refused("no attempts", Document.with(["max_attempts": 0]), "\(attempts) 0"),
        .refused("51 attempts", Document.with(["max_attempts": 51]), "\(attempts) 51"),
        .refused("a text of digits", Document.with(["max_attempts": "5"]), "\(attempts) a string"),
        .refused(
            "the largest integer",
            Document.with(["max_attempts": .integer(.max)]),
            "\(attempts) 9223372036854775807"
        ),
        .accepted("a cover at 0", Document.with(["video_cover_timestamp_ms": 0])),
        .accepted("the last cover", Document.with(["video_cover_timestamp_ms": 2_147_483_647])),
        .refused(
            "a cover before 0",
            Document.with(["video_cover_timestamp_ms": -1]),
            "\(cover) -1"
        ),
        .refused(
            "a cover beyond 32 bits",
            Document.with(["video_cover_timestamp_ms": 2_147_483_648]),
            "\(cover) 2147483648"
        ),
    ]

    static let together: [RuleCase] = [
        .refused(
            "branded and private",
            Document.with(["brand_content_toggle": true]),
            "brand_content_toggle: branded content cannot be private; got true with a private post"
        ),
        .accepted(
            "branded and public",
            Document.with(["brand_content_toggle": true, "privacy": "public"])
        ),
        .accepted(
            "the creator's own brand, private",
            Document.with(["brand_organic_toggle": true])
        ),
        .accepted("the last photo as cover", photos(["photo_cover_index": 1])),
        .refused(
            "a cover beyond the photos",
            photos(["photo_cover_index": 2]),
            "photo_cover_index: must name one of the 2 photos, counted from 0; got 2"
        ),
        .refused(
            "a photo cover for a video",
            Document.with(["photo_cover_index": 0]),
            "photo_cover_index: is for photos only; got a value"
        ),
        .refused(
            "a video cover for photos",
            photos(["video_cover_timestamp_ms": 0]),
            "video_cover_timestamp_ms: is for videos only; got a value"
        ),
        .refused(
            "a description for a video",
            Document.with(["description": "x"]),
            "description: is for photos only; got a value"
        ),
        .refused(
            "music for a video",
            Document.with(["auto_add_music": true]),
            "auto_add_music: is for photos only; got a value"
        ),
        .refused(
            "a transfer for photos",
            photos(["transfer": "upload"]),
            "transfer: is for videos only; got a value"
        ),
    ]

    private static func photos(_ changes: [String: JSONValue]) -> [String: JSONValue] {
        Document.photos.merging(changes) { _, new in new }
    }

    private static func draft(_ members: [String: JSONValue]) -> [String: JSONValue] {
        members.merging(["mode": "draft"]) { _, new in new }
    }
}
