internal import FoundationEssentials
internal import JSON
internal import TikTok

extension PublishJob {
    /// Largest job document, in bytes.
    package static let documentBytesMax = 256 * 1024

    /// Largest `metadata` object, in bytes of JSON.
    static let metadataBytesMax = 16 * 1024

    /// Reads what a claim brought.
    ///
    /// - Parameter tasks: names of Celery's tasks that publish; `nil`: whatever its name.
    init(_ claim: Claim, tasks: Set<String>? = nil) throws(BrokenDocument) {
        guard claim.documentBytes == claim.document.count else {
            throw Self.tooLong(Int64(claim.documentBytes))
        }
        try self.init(document: claim.document, tasks: tasks)
    }

    /// Reads a job document, version 1, bare or as the arguments of a Celery message.
    ///
    /// - Throws: `BrokenDocument` with every rule that the document breaks, not just the first.
    package init(document: [UInt8], tasks: Set<String>? = nil) throws(BrokenDocument) {
        let read = try Self.read(document)
        guard CeleryMessage.isMessage(read.members) else {
            self = try Self(DocumentFields(read.members, repeated: read.repeated))
            return
        }
        guard read.repeated.isEmpty else {
            throw Self.broken("more than one of a name", "may have each name only once")
        }
        let message: CeleryMessage
        do throws(BrokenMessage) {
            message = try CeleryMessage.read(read.members)
        } catch {
            throw BrokenDocument(error, tasks: tasks)
        }
        self = try Self(message, tasks: tasks)
    }

    init(_ given: DocumentFields) throws(BrokenDocument) {
        var fields = given
        let id = fields.key("id")
        let account = fields.key("account")
        let mode = fields.word("mode", as: Mode.self) ?? .direct
        let content = fields.content()
        let options = fields.options(for: content?.kind)
        let privacy = fields.privacy(for: mode)
        let publishAt = fields.instant("publish_at")
        let expiresAt = fields.instant("expires_at")
        let maxAttempts = fields.whole("max_attempts", in: 1...50)
        let traceparent = fields.traceparent()
        let metadata = fields.metadata()
        fields.checkTogether(content: content, options: options, privacy: privacy)
        fields.refuseTheRest()

        guard fields.broken.isEmpty, let id, let account, let content else {
            throw BrokenDocument(
                id: fields.isRepeated("id") ? nil : id,
                account: fields.isRepeated("account") ? nil : account,
                rules: fields.broken
            )
        }
        self.init(
            id: id,
            account: account,
            content: content,
            mode: mode,
            options: options,
            privacy: privacy,
            publishAt: publishAt,
            expiresAt: expiresAt,
            maxAttempts: maxAttempts,
            traceparent: traceparent,
            metadata: metadata
        )
    }

    private static func read(
        _ document: [UInt8]
    ) throws(BrokenDocument) -> (
        members: [String: JSONValue], repeated: [JSONDocument.RepeatedName]
    ) {
        guard document.count <= documentBytesMax else { throw tooLong(Int64(document.count)) }
        let read: JSONDocument
        do throws(JSONError) {
            read = try JSONDocument(document)
        } catch {
            throw broken("\(document.count) bytes that are no JSON", "must be a JSON object")
        }
        guard let members = read.value.object else {
            throw broken(read.value.kind, "must be a JSON object")
        }
        return (members, read.repeatedNames)
    }

    /// A document that is not looked into.
    static func tooLong(_ bytes: Int64) -> BrokenDocument {
        broken("\(bytes) bytes", "must have at most \(documentBytesMax) bytes")
    }

    /// A document of which not even the id can be read.
    private static func broken(_ got: String, _ rule: String) -> BrokenDocument {
        BrokenDocument(
            id: nil,
            account: nil,
            rules: [BrokenRule(field: "", got: got, rule: rule)]
        )
    }
}

// MARK: The fields that need more than a type

extension DocumentFields {
    mutating func content() -> PublishJob.Content? {
        let video = string("video")
        let photos = photos()
        let transfer = word("transfer", as: PublishJob.Transfer.self)
        switch (video, photos) {
        case (let video?, nil):
            return .video(MediaReference(video), transfer ?? .upload)
        case (nil, let photos?):
            if transfer != nil {
                refuse("transfer", got: "a value", rule: "is for videos only")
            }
            return .photos(photos)
        case (nil, nil):
            if broken.allSatisfy({ $0.field != "video" && $0.field != "photos" }) {
                refuse("video", got: "neither", rule: "exactly one of video and photos is required")
            }
        case (_?, _?):
            refuse("video", got: "both", rule: "exactly one of video and photos is required")
        }
        return nil
    }

    private mutating func photos() -> [MediaReference]? {
        guard let value = take("photos") else { return nil }
        guard let items = value.array, UploadLimits.photoCount.contains(items.count) else {
            let range = UploadLimits.photoCount
            refuse(
                "photos",
                got: value.array.map { "\($0.count) items" } ?? value.kind,
                rule: "must be an array of \(range.lowerBound)–\(range.upperBound) strings"
            )
            return nil
        }
        let texts = items.compactMap(\.string).filter { !$0.contains("\0") }
        guard texts.count == items.count else {
            refuse("photos", got: "other items too", rule: "must hold strings only")
            return nil
        }
        return texts.map(MediaReference.init)
    }

    mutating func options(for kind: PublishJob.Kind?) -> PostOptions {
        let titleMax =
            kind == .photo ? CaptionLimits.photoTitleMax : CaptionLimits.videoTitleMax
        return PostOptions(
            title: text("title", atMost: titleMax),
            description: text("description", atMost: CaptionLimits.photoDescriptionMax),
            disableComment: flag("disable_comment"),
            disableDuet: flag("disable_duet"),
            disableStitch: flag("disable_stitch"),
            brandContent: flag("brand_content_toggle"),
            brandOrganic: flag("brand_organic_toggle"),
            isAIGenerated: flag("is_aigc"),
            autoAddMusic: flag("auto_add_music"),
            videoCoverTimestampMilliseconds: whole(
                "video_cover_timestamp_ms",
                in: 0...Int64(Int32.max)
            ),
            photoCoverIndex: whole("photo_cover_index", in: 0...Int64(Int32.max))
        )
    }

    mutating func privacy(for mode: PublishJob.Mode) -> PrivacyLevel? {
        guard let text = string("privacy") else {
            if mode == .direct, broken.allSatisfy({ $0.field != "privacy" }) {
                refuse(
                    "privacy",
                    got: "nothing",
                    rule: "is required for direct posts: public, friends, followers or private"
                )
            }
            return nil
        }
        guard let level = PrivacyLevel(jobWord: text) else {
            refuse(
                "privacy",
                got: "another string",
                rule: "must be public, friends, followers, private, or TikTok's own word for one"
            )
            return nil
        }
        return level
    }

    /// W3C Trace Context, version 00: `00-` 32 hex digits `-` 16 hex digits `-` 2 hex digits, small
    /// letters, neither id all zeros.
    mutating func traceparent() -> String? {
        guard let text = string("traceparent") else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isHex = parts.allSatisfy { $0.utf8.allSatisfy(Array("0123456789abcdef".utf8).contains) }
        guard parts.map(\.utf8.count) == [2, 32, 16, 2], isHex, parts[0] == "00",
            parts[1...2].allSatisfy({ $0.contains { $0 != "0" } })
        else {
            refuse("traceparent", got: "another string", rule: "must be a W3C traceparent")
            return nil
        }
        return text
    }

    mutating func metadata() -> JSONValue? {
        guard let value = take("metadata") else { return nil }
        guard value.object != nil else {
            refuse("metadata", got: value.kind, rule: "must be an object")
            return nil
        }
        guard !value.holdsNUL else {
            refuse("metadata", got: "a string with a NUL", rule: "must not hold U+0000")
            return nil
        }
        let bytes = value.encoded.count
        guard bytes <= PublishJob.metadataBytesMax else {
            refuse(
                "metadata",
                got: "\(bytes) bytes",
                rule: "must have at most \(PublishJob.metadataBytesMax) bytes"
            )
            return nil
        }
        return value
    }

    /// Rules between fields.
    mutating func checkTogether(
        content: PublishJob.Content?,
        options: PostOptions,
        privacy: PrivacyLevel?
    ) {
        if options.brandContent, privacy == .selfOnly {
            refuse(
                "brand_content_toggle",
                got: "true with a private post",
                rule: "branded content cannot be private"
            )
        }
        switch content {
        case .video:
            for (field, isThere) in [
                ("description", options.description != nil),
                ("auto_add_music", options.autoAddMusic),
                ("photo_cover_index", options.photoCoverIndex != nil),
            ] where isThere {
                refuse(field, got: "a value", rule: "is for photos only")
            }
        case .photos(let photos):
            if options.videoCoverTimestampMilliseconds != nil {
                refuse("video_cover_timestamp_ms", got: "a value", rule: "is for videos only")
            }
            if let index = options.photoCoverIndex, index >= photos.count {
                refuse(
                    "photo_cover_index",
                    got: "\(index)",
                    rule: "must name one of the \(photos.count) photos, counted from 0"
                )
            }
        case nil: break
        }
    }
}

extension JSONValue {
    /// Whether a text or a name in it holds U+0000, which PostgreSQL cannot store.
    fileprivate var holdsNUL: Bool {
        switch self {
        case .null, .bool, .integer, .double: false
        case .string(let text): text.utf8.contains(0)
        case .array(let items): items.contains(where: \.holdsNUL)
        case .object(let members):
            members.contains { $0.key.utf8.contains(0) || $0.value.holdsNUL }
        }
    }
}
