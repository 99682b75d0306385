import Foundation
import JSON
import Testing
import TikTok

@testable import Publishing

/// A document as a whole: what becomes of its values, and how it is refused.
struct JobDocumentTests {
    @Test func `every value arrives where it belongs`() throws {
        let job = try Document.read([
            "id": "job-1", "account": "mira", "video": "clips/a.mp4", "privacy": "followers",
            "transfer": "upload", "mode": "direct", "title": "Guten Tag",
            "disable_comment": true, "disable_duet": true, "disable_stitch": true,
            "brand_content_toggle": true, "brand_organic_toggle": true, "is_aigc": true,
            "video_cover_timestamp_ms": 1500, "publish_at": "2026-11-22T18:30:00Z",
            "expires_at": "2026-11-23T18:30:00Z", "max_attempts": 3,
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "metadata": ["campaign": 7],
        ])

        #expect(job.id == "job-1" && job.account == "mira" && job.mode == .direct)
        #expect(job.content == .video(.path("clips/a.mp4"), .upload))
        #expect(job.privacy == .followerOfCreator)
        var options = PostOptions(title: "Guten Tag")
        options.disableComment = true
        options.disableDuet = true
        options.disableStitch = true
        options.brandContent = true
        options.brandOrganic = true
        options.isAIGenerated = true
        options.videoCoverTimestampMilliseconds = 1500
        #expect(job.options == options)
        #expect(job.publishAt == Date(timeIntervalSince1970: 1_795_372_200))
        #expect(job.expiresAt == Date(timeIntervalSince1970: 1_795_458_600))
        #expect(job.maxAttempts == 3 && job.metadata == ["campaign": 7])
        #expect(job.traceparent == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    }

    @Test func `what is not said is off, direct, and uploaded`() throws {
        let job = try Document.read(Document.video)

        #expect(job.mode == .direct && job.options == PostOptions() && job.privacy == .selfOnly)
        #expect(job.content == .video(.path("clips/a.mp4"), .upload))
        #expect(job.maxAttempts == nil && job.metadata == nil && job.traceparent == nil)
    }

    @Test func `photos keep their order and their options`() throws {
        let job = try Document.read([
            "id": "p", "account": "mira", "photos": ["b.jpg", "https://example.com/a.jpg"],
            "privacy": "SELF_ONLY", "title": "t", "description": "d", "auto_add_music": true,
            "photo_cover_index": 1,
        ])

        let photos: [MediaReference] = [.path("b.jpg"), .url("https://example.com/a.jpg")]
        #expect(job.content == .photos(photos) && job.content.kind == .photo)
        #expect(job.options.description == "d" && job.options.autoAddMusic)
        #expect(job.options.photoCoverIndex == 1)
    }

    // MARK: As a whole

    @Test(arguments: ["", "nonsense", "{", "[1,2", "{\"id\":}", "\u{FEFF}x", "{}{}"])
    func `what is no JSON is refused as a whole`(_ text: String) {
        let count = text.utf8.count
        let faults = ["document: must be a JSON object; got \(count) bytes that are no JSON"]

        #expect(Document.faults(Array(text.utf8)) == faults)
    }

    @Test(arguments: [
        ("[]", "an array"), ("1", "an integer"), ("null", "null"), ("\"x\"", "a string"),
    ])
    func `another JSON value is refused as a whole`(_ text: String, _ kind: String) {
        #expect(
            Document.faults(Array(text.utf8)) == ["document: must be a JSON object; got \(kind)"]
        )
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        let document = Array("{\"id\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)

        #expect(Document.faults(document).count == 1)
    }

    @Test func `a document of 256 KiB is read, and one byte more is not`() {
        let document = Document.bytes(Document.video)
        let blanks = [UInt8](repeating: 0x20, count: PublishJob.documentBytesMax - document.count)

        #expect(Document.faults(document + blanks) == [])
        #expect(
            Document.faults(document + blanks + [0x20])
                == ["document: must have at most 262144 bytes; got 262145 bytes"]
        )
    }

    @Test func `every broken rule is named at once`() {
        let faults = Document.faults([
            "id": "a b", "account": 1, "video": "a.mp4", "photos": [], "mode": "both",
            "title": Document.emoji(units: 2201), "max_attempts": 99, "publish_at": "tomorrow",
            "metadata": [], "traceparent": "x", "is_aigc": 1, "tittle": "x",
        ])

        let fields = faults.map { String($0.prefix { $0 != ":" }) }
        #expect(
            fields.sorted() == [
                "account", "id", "is_aigc", "max_attempts", "metadata", "mode", "photos", "privacy",
                "publish_at", "title", "tittle", "traceparent",
            ]
        )
    }

    @Test func `a refusal knows the id and the account where they can be read`() {
        do throws(BrokenDocument) {
            _ = try Document.read(Document.with(["titel": "x"]))
            Issue.record("was accepted")
        } catch {
            #expect(error.id == "job-1" && error.account == "mira")
        }
        do throws(BrokenDocument) {
            _ = try Document.read(["id": "a b", "video": "x"])
            Issue.record("was accepted")
        } catch {
            #expect(error.id == nil && error.account == nil)
        }
    }

    @Test func `no message repeats a value`() {
        let secret = "hunter2-personal"
        let texts = [
            "id", "account", "mode", "transfer", "privacy", "publish_at", "expires_at",
            "traceparent", "metadata", "max_attempts", "is_aigc",
        ]

        for field in texts {
            let value = JSONValue.string(secret + " é")
            let faults = Document.faults(Document.with([field: value]))

            #expect(faults.count == 1 && !faults.joined().contains("hunter2"), "\(faults)")
        }
    }

    // MARK: Fields nobody knows

    @Test func `a misspelt field is refused by its name`() {
        let faults = Document.faults(Document.with(["Title": "x", "schedule_at": nil]))

        #expect(
            faults == [
                "Title: is no field of a job document; got a string",
                "schedule_at: is no field of a job document; got null",
            ]
        )
    }

    @Test func `a hostile field name cannot act on a terminal or fill a log`() {
        let name = "\u{1B}[31m\r\n\u{7F}\u{202E}é" + String(repeating: "x", count: 1000)

        let faults = Document.faults(Document.with([name: 1]))

        #expect(faults.count == 1)
        #expect(faults[0].hasPrefix("?[31m?????xxx"))
        #expect(faults[0].utf8.allSatisfy { (0x20...0x7E).contains($0) })
        #expect(faults[0].count < 120)
    }

    @Test func `a thousand unknown fields give twenty messages`() {
        let extra = (0..<1000).map { ("field\($0)", JSONValue.integer(1)) }
        let document = Document.with(Dictionary(uniqueKeysWithValues: extra))

        #expect(Document.faults(document).count == 20)
    }
}
