import JSON

@testable import Publishing

/// Job documents, made from one that is in order.
enum Document {
    static let video: [String: JSONValue] = [
        "id": "job-1", "account": "mira", "video": "clips/a.mp4", "privacy": "private",
    ]

    static let photos: [String: JSONValue] = [
        "id": "job-1", "account": "mira", "photos": ["a.jpg", "b.jpg"], "privacy": "private",
    ]

    static func with(_ changes: [String: JSONValue]) -> [String: JSONValue] {
        video.merging(changes) { _, new in new }
    }

    static func without(_ field: String) -> [String: JSONValue] {
        video.filter { $0.key != field }
    }

    static func bytes(_ members: [String: JSONValue]) -> [UInt8] {
        JSONValue.object(members).encoded
    }

    static func read(_ members: [String: JSONValue]) throws(BrokenDocument) -> PublishJob {
        try PublishJob(document: bytes(members))
    }

    /// Every broken rule as `field: rule; got what`; empty when the document is in order.
    static func faults(_ members: [String: JSONValue]) -> [String] {
        faults(bytes(members))
    }

    static func faults(_ document: [UInt8]) -> [String] {
        do throws(BrokenDocument) {
            _ = try PublishJob(document: document)
            return []
        } catch {
            return error.rules.map(\.description)
        }
    }

    /// A text of exactly so many UTF-16 units, made of emoji (two each) and one letter if need be.
    static func emoji(units: Int) -> JSONValue {
        .string(
            String(repeating: "😀", count: units / 2) + (units.isMultiple(of: 2) ? "" : "a")
        )
    }

    static func photoList(_ count: Int) -> JSONValue {
        .array((0..<count).map { .string("\($0).jpg") })
    }
}
