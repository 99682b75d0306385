internal import FoundationEssentials
internal import JSON

/// Opens the body of a Celery message: base64, zlib, JSON, and nothing else.
///
/// Pickle and YAML can run code in whoever opens them.
enum CeleryBody {
    /// - Throws: why it is not opened.
    static func open(
        _ envelope: [String: JSONValue],
        _ headers: [String: JSONValue],
        _ properties: [String: JSONValue]
    ) throws(CeleryMessage.Trouble) -> JSONValue {
        let format = envelope["content-type"]?.string ?? "application/json"
        guard format.lowercased() == "application/json" else {
            throw disallowed("content-type", format, "must be application/json")
        }
        guard let text = envelope["body"]?.string else {
            let got = envelope["body"]?.kind ?? "nothing"
            throw CeleryMessage.Trouble("body", got: got, "must be a string")
        }
        let packed = try decoded(text, properties["body_encoding"])
        let bytes = try unpacked(packed, headers["compression"])
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(bytes)
        } catch {
            throw undecodable("\(bytes.count) bytes that are no JSON", "must be JSON")
        }
        if let name = document.repeatedNames.first {
            let got = "more than one \(DocumentFields.printable(name.name))"
            throw CeleryMessage.Trouble("body", got: got, "may have each name only once")
        }
        return document.value
    }

    private static func decoded(
        _ text: String,
        _ encoding: JSONValue?
    ) throws(CeleryMessage.Trouble) -> [UInt8] {
        guard let encoding, encoding != .null else { return Array(text.utf8) }
        guard encoding.string?.lowercased() == "base64" else {
            throw disallowed("body_encoding", encoding.string ?? encoding.kind, "must be base64")
        }
        guard let bytes = Data(base64Encoded: text) else {
            throw undecodable("\(text.utf8.count) characters", "must be base64, as it says")
        }
        return Array(bytes)
    }

    /// Under the name of gzip kombu sends what `zlib.compress` makes (captured from kombu 5.7 on
    /// 2026-11-22).
    private static func unpacked(
        _ bytes: [UInt8],
        _ compression: JSONValue?
    ) throws(CeleryMessage.Trouble) -> [UInt8] {
        guard let compression, compression != .null else { return bytes }
        guard compression.string == "application/x-gzip" else {
            throw disallowed(
                "compression",
                compression.string ?? compression.kind,
                "must be zlib or none"
            )
        }
        do {
            return try Inflate.unpack(bytes, atMost: PublishJob.documentBytesMax)
        } catch {
            switch error {
            case .tooLong:
                let rule = "must unpack to at most \(PublishJob.documentBytesMax) bytes"
                throw CeleryMessage.Trouble("body", got: "more bytes", rule)
            case .tooManyBlocks:
                let rule = "must be packed in at most \(Inflate.blocksMax) blocks"
                throw undecodable("more of them", rule)
            case .malformed:
                throw undecodable("\(bytes.count) bytes", "must be a zlib stream, as it says")
            }
        }
    }

    private static func disallowed(
        _ field: String,
        _ got: String,
        _ rule: String
    ) -> CeleryMessage.Trouble {
        CeleryMessage.Trouble(
            field,
            got: DocumentFields.printable(got),
            rule,
            as: CeleryException.contentDisallowed
        )
    }

    private static func undecodable(_ got: String, _ rule: String) -> CeleryMessage.Trouble {
        CeleryMessage.Trouble("body", got: got, rule, as: CeleryException.decodeError)
    }
}
