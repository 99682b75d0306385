import JSON
import Support
import Testing

@testable import Publishing

/// Job documents that were changed at random: a job whose every value keeps the rules, or a refusal
/// that says which rule was broken and nothing else.
@Suite(.timeLimit(.minutes(600)))
struct JobDocumentFuzzTests {
    private static let corpus: [[UInt8]] = {
        let full = Document.with([
            "title": "Zürich 🚀 \"#bread\"", "transfer": "pull", "mode": "draft",
            "disable_comment": true, "brand_organic_toggle": false, "is_aigc": true,
            "video_cover_timestamp_ms": 1500, "publish_at": "2026-11-22T18:30:00.5+02:00",
            "expires_at": "2026-11-23T18:30:00Z", "max_attempts": 50,
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "metadata": ["deep": [[["x"]], ["y": .double(0.5)]], "n": .integer(.max)],
        ])
        let photos = Document.photos.merging([
            "title": "t", "description": "d", "auto_add_music": true, "photo_cover_index": 1,
        ]) { $1 }
        return [full, photos, Document.video, ["id": "a b", "titel": 1, "video": 7]]
            .map(Document.bytes)
    }()

    private static let words = [
        #""id":"#, #""account":"#, #""photos":["#, #""video":"#, #""metadata":{"#, "null", "true",
        "1e999", "-0", "3.0", "99999999999999999999", #"\u0000"#, #"\ud83d"#, #"\u202e"#, "\"",
        "{", "[", "}", "]", ",", ":", "\u{202E}", "\u{1B}[2J", "..", "https://", "public",
    ]

    @Test func `a changed document is a job that keeps every rule, or is refused`() async throws {
        let fuzzer = Fuzzer("job document", corpus: Self.corpus, words: Self.words)

        try await fuzzer.run(rounds: 8000) { input in
            switch Self.read(input) {
            case .success(let job): try Self.check(job, input)
            case .failure(let broken): try Self.check(broken)
            }
        }
    }

    private static func read(_ input: [UInt8]) -> Result<PublishJob, BrokenDocument> {
        Result { () throws(BrokenDocument) in try PublishJob(document: input) }
    }

    private static func check(_ job: PublishJob, _ input: [UInt8]) throws {
        try BrokenPromise.unless(PublishJob.isKey(job.id), "the id")
        try BrokenPromise.unless(PublishJob.isKey(job.account), "the account")
        let texts = [job.options.title, job.options.description].compactMap(\.self)
        try BrokenPromise.unless(
            texts.allSatisfy { $0.utf16.count <= 4000 && !$0.utf8.contains(0) },
            "a text"
        )
        try BrokenPromise.unless(job.mode == .draft || job.privacy != nil, "the audience")
        try BrokenPromise.unless((1...50).contains(job.maxAttempts ?? 1), "the attempts")
        let metadata = job.metadata?.encoded.count ?? 0
        try BrokenPromise.unless(metadata <= 16 * 1024, "the metadata")
        if case .photos(let photos) = job.content {
            try BrokenPromise.unless((1...35).contains(photos.count), "the photos")
            try BrokenPromise.unless(photos.count > job.options.photoCoverIndex ?? 0, "the cover")
        }
        // Whoever reads it again must read the same: another worker does.
        let again = try PublishJob(document: input)
        try BrokenPromise.unless(again.id == job.id && again.content == job.content, "a repeat")
    }

    private static func check(_ broken: BrokenDocument) throws {
        try BrokenPromise.unless((1...80).contains(broken.rules.count), "the number of rules")
        try BrokenPromise.unless(broken.id.map(PublishJob.isKey) ?? true, "the id of a refusal")
        try BrokenPromise.unless(
            broken.account.map(PublishJob.isKey) ?? true,
            "the account of a refusal"
        )
        for rule in broken.rules {
            let isPlain = rule.description.unicodeScalars.allSatisfy { scalar in
                scalar.properties.generalCategory != .control && scalar.value < 0x2100
            }
            try BrokenPromise.unless(isPlain && rule.description.utf8.count < 300, "its words")
        }
    }

    @Test func `a field that is there twice is refused, and so is the id it may have`() {
        let video = #""account":"mira","video":"a.mp4","privacy":"private""#
        let rule = "may be there only once; got more than one"
        let cases: [(String, id: String?, account: String?, [String])] = [
            (#"{"id":"a","id":"b",\#(video)}"#, nil, "mira", ["id: \(rule)"]),
            (#"{"id":"a","\u0069d":"b",\#(video)}"#, nil, "mira", ["id: \(rule)"]),
            (#"{"id":"a",\#(video),"account":"lea"}"#, "a", nil, ["account: \(rule)"]),
            (
                #"{"id":"a",\#(video),"privacy":"public"}"#, "a", "mira",
                ["privacy: \(rule)"]
            ),
            (
                #"{"id":"a",\#(video),"metadata":{"id":1,"id":2}}"#, "a", "mira",
                ["id: \(rule)"]
            ),
            (
                #"{"id":"a",\#(video),"x":1,"x":1}"#, "a", "mira",
                ["x: \(rule)", "x: is no field of a job document; got an integer"]
            ),
        ]
        for (text, id, account, faults) in cases {
            let error = #expect(throws: BrokenDocument.self) {
                try PublishJob(document: Array(text.utf8))
            }
            #expect(error?.id == id && error?.account == account, "\(text)")
            #expect(error?.rules.map(\.description) == faults)
        }
    }

    @Test func `a document in another encoding than UTF-8 is refused`() {
        let text = String(decoding: Document.bytes(Document.video), as: UTF8.self)
        let wide = text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }

        #expect(Document.faults(wide).count == 1)
        #expect(Document.faults([0xFF, 0xFE] + wide).count == 1)
        #expect(Document.faults([0xEF, 0xBB, 0xBF] + Document.bytes(Document.video)) == [])
    }
}
