import JSON
import Testing

@testable import Publishing

struct JobRuleTests {
    @Test(arguments: RuleCase.keys + RuleCase.media + RuleCase.texts)
    func `a rule holds at its bound and breaks one beyond`(_ rule: RuleCase) {
        #expect(Document.faults(rule.document) == (rule.fault.map { [$0] } ?? []))
    }

    @Test(arguments: RuleCase.choices + RuleCase.numbers + RuleCase.together)
    func `a choice is one of the words, and fields agree`(_ rule: RuleCase) {
        #expect(Document.faults(rule.document) == (rule.fault.map { [$0] } ?? []))
    }

    @Test(arguments: [
        ("id", "a string"), ("account", "a string"), ("video", "a string"),
        ("transfer", "a string"), ("mode", "a string"), ("title", "a string"),
        ("privacy", "a string"), ("publish_at", "a string"), ("expires_at", "a string"),
        ("traceparent", "a string"), ("disable_comment", "true or false"),
        ("disable_duet", "true or false"), ("disable_stitch", "true or false"),
        ("brand_content_toggle", "true or false"), ("brand_organic_toggle", "true or false"),
        ("is_aigc", "true or false"), ("max_attempts", "an integer from 1 to 50"),
        ("video_cover_timestamp_ms", "an integer from 0 to 2147483647"),
    ])
    func `a value of another kind is refused by the field's name`(_ field: String, _ kind: String) {
        let others: [(JSONValue, String)] = [
            ([1], "an array"), (["a": 1], "an object"), (.double(1.5), "a fraction"),
            kind == "true or false" ? ("true", "a string") : (true, "a boolean"),
        ]

        for (value, got) in others {
            let faults = Document.faults(Document.with([field: value]))

            #expect(faults.contains("\(field): must be \(kind); got \(got)"), "\(faults)")
        }
    }

    @Test(arguments: [
        "transfer", "mode", "title", "description", "publish_at", "expires_at", "traceparent",
        "disable_comment", "disable_duet", "disable_stitch", "brand_content_toggle",
        "brand_organic_toggle", "is_aigc", "auto_add_music", "video_cover_timestamp_ms",
        "photo_cover_index", "max_attempts", "metadata", "photos",
    ])
    func `null counts as absent`(_ field: String) {
        #expect(Document.faults(Document.with([field: nil])) == [])
    }

    @Test(arguments: ["id", "account", "privacy", "video"])
    func `null does not stand in for what is required`(_ field: String) {
        #expect(Document.faults(Document.with([field: nil])).count == 1)
    }
}
