internal import JSON
internal import Publishing

/// One job of the demo and what must become of it.
struct DemoJob {
    let id: String
    let account: String
    /// What the document says beside id, account and title.
    let content: [String: JSONValue]
    let end: End

    enum End {
        /// Its bytes are at the sandbox.
        case posted
        /// TikTok fetches its media itself.
        case fetched(Status)
        case refused
    }

    /// Relative to MEDIA_ROOT; `nil` for photos.
    var video: String? { content["video"]?.string }

    /// As upstream would push it.
    var document: [UInt8] {
        let usual: [String: JSONValue] = [
            "id": .string(id), "account": .string(account), "title": .string("Demo \(id)"),
        ]
        return JSONValue.object(usual.merging(content) { $1 }).encoded
    }

    static let all = [
        video("demo-short", DemoMedia.short),
        video("demo-long", DemoMedia.long),
        DemoJob(
            id: "demo-photos",
            account: "mira",
            content: ["photos": photos(DemoMedia.photos), "privacy": "public"],
            end: .fetched(.published)
        ),
        DemoJob(
            id: "demo-draft",
            account: "mira",
            content: ["photos": photos([DemoMedia.photos[0]]), "mode": "draft"],
            end: .fetched(.delivered)
        ),
        video("demo-refused", DemoMedia.short, account: "banned", end: .refused),
    ]

    private static func photos(_ names: [String]) -> JSONValue {
        .array(names.map { .string($0) })
    }

    private static func video(
        _ id: String,
        _ name: String,
        account: String = "mira",
        end: End = .posted
    ) -> DemoJob {
        DemoJob(
            id: id,
            account: account,
            content: ["video": .string(name), "privacy": "public"],
            end: end
        )
    }
}
