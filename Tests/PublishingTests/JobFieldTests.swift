import Foundation
import JSON
import Testing

@testable import Publishing

/// Times, trace contexts and metadata: fields whose rule is more than a bound.
struct JobFieldTests {
    // MARK: Times

    @Test(arguments: [
        ("2026-11-22T18:30:00Z", 1_795_372_200.0),
        ("2026-11-22T18:30:00.5Z", 1_795_372_200.5),
        ("2026-11-22T18:30:00.250Z", 1_795_372_200.25),
        ("2026-11-22T18:30:00.123456Z", 1_795_372_200.123456),
        ("2026-11-22T20:30:00+02:00", 1_795_372_200.0),
        ("2026-11-22T13:00:00.000-05:30", 1_795_372_200.0),
        ("2026-11-22T18:30:00+00:00", 1_795_372_200.0),
        ("2026-11-22t18:30:00z", 1_795_372_200.0),
        ("2028-02-29T00:00:00Z", 1_835_395_200.0),
        ("1970-01-01T00:00:00Z", 0.0),
        ("1969-12-31T23:59:59Z", -1.0),
        ("2000-03-01T00:00:00Z", 951_868_800.0),
        ("2100-03-01T00:00:00Z", 4_107_542_400.0),
        ("0001-01-01T00:00:00Z", -62_135_596_800.0),
        ("9999-12-31T23:59:59Z", 253_402_300_799.0),
        ("2016-12-31T23:59:60Z", 1_483_228_800.0),
        ("2026-11-22T18:30:00.123456789Z", 1_795_372_200.123456789),
    ])
    func `a time of RFC 3339 is read to the fraction`(_ text: String, _ seconds: Double) throws {
        let job = try Document.read(Document.with(["publish_at": .string(text)]))

        let read = try #require(job.publishAt?.timeIntervalSince1970)
        #expect(abs(read - seconds) < 0.000_01)
    }

    @Test(arguments: [
        "", "now", "2026-11-22", "18:30:00Z", "2026-11-22T18:30:00", "2026-11-22T18:30Z",
        "2026-11-22 18:30", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-11-31T00:00:00Z", "2027-02-29T00:00:00Z", "2026-11-22T24:00:00Z",
        "2026-11-22T18:60:00Z", "2026-11-22T18:30:61Z", "2026-11-22T18:30:00Zx",
        " 2026-11-22T18:30:00Z", "2026-11-22T18:30:00Z ", "2026-11-22T18:30:00.Z",
        "2026-11-22T18:30:00+2:00", "2026-11-22T18:30:00+25:00", "20261122T183000Z",
        "2026-11-22T18:30:00+02:00Z", "12026-11-22T18:30:00Z", "٢٠٢٦-11-22T18:30:00Z",
        "1795372200", "Sun, 22 Nov 2026 18:30:00 GMT", "2026-11-22T18:30:00,5Z",
        "2026-11-22T18:30:00.1234567890Z", "2100-02-29T00:00:00Z", "-026-11-22T18:30:00Z",
    ])
    func `what is no time of RFC 3339 is refused`(_ text: String) {
        for field in ["publish_at", "expires_at"] {
            #expect(
                Document.faults(Document.with([field: .string(text)])) == [
                    "\(field): must be an RFC 3339 time such as 2026-11-22T18:30:00Z; "
                        + "got another string"
                ]
            )
        }
    }

    // MARK: Trace context

    @Test(arguments: [
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff",
    ])
    func `a trace context of version 00 is kept`(_ text: String) throws {
        #expect(
            try Document.read(Document.with(["traceparent": .string(text)])).traceparent == text
        )
    }

    @Test(arguments: [
        "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0１",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n",
    ])
    func `a trace context that W3C calls invalid is refused`(_ text: String) {
        #expect(
            Document.faults(Document.with(["traceparent": .string(text)]))
                == ["traceparent: must be a W3C traceparent; got another string"]
        )
    }

    // MARK: Metadata

    @Test(arguments: [
        (JSONValue.array([]), "an array"), ("x", "a string"), (1, "an integer"),
        (true, "a boolean"),
    ])
    func `metadata is an object`(_ value: JSONValue, _ kind: String) {
        #expect(
            Document.faults(Document.with(["metadata": value]))
                == ["metadata: must be an object; got \(kind)"]
        )
    }

    @Test func `metadata of 16 KiB is kept, and one byte more is refused`() throws {
        let room = 16 * 1024 - "{\"a\":\"\"}".utf8.count
        func metadata(_ count: Int) -> JSONValue {
            ["a": .string(String(repeating: "x", count: count))]
        }

        let job = try Document.read(Document.with(["metadata": metadata(room)]))
        let faults = Document.faults(Document.with(["metadata": metadata(room + 1)]))

        #expect(job.metadata == metadata(room))
        #expect(faults == ["metadata: must have at most 16384 bytes; got 16385 bytes"])
    }

    @Test(arguments: [
        JSONValue.object(["a": "x\0"]), ["a": ["b": ["\0"]]], ["\0": 1], ["a": ["b\0": nil]],
    ])
    func `a NUL at any depth of metadata is refused, which PostgreSQL cannot store`(
        _ value: JSONValue
    ) {
        #expect(
            Document.faults(Document.with(["metadata": value]))
                == ["metadata: must not hold U+0000; got a string with a NUL"]
        )
    }

    @Test func `a backslash before u0000 is no NUL`() throws {
        let metadata: JSONValue = ["path": "C:\\u0000"]

        #expect(try Document.read(Document.with(["metadata": metadata])).metadata == metadata)
    }

    @Test func `metadata holds fields of any name`() throws {
        let metadata: JSONValue = ["titel": ["id": nil, "x": [1, true, .double(2.5)]]]

        #expect(try Document.read(Document.with(["metadata": metadata])).metadata == metadata)
    }

    @Test func `metadata nested without end is refused and stops nobody`() {
        let depth = 8000
        let nested =
            String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
        let text = "{\"id\":\"a\",\"account\":\"b\",\"metadata\":\(nested)}"

        #expect(Document.faults(Array(text.utf8)).count == 1)
    }
}
