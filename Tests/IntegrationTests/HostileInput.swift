import JSON
import Testing

/// A document that somebody might push to hurt, and the reason with which it must be refused.
struct HostileInput: Sendable, CustomTestStringConvertible {
    /// Also the job's id, with hyphens.
    let name: String
    let document: [UInt8]
    /// Of the row, or of the dead letter where there is no row.
    let code: String
    /// What the message must contain.
    let says: String
    /// `false`: its id cannot be read.
    var hasRow = true
    /// Goes to the worker whose operator lists 127.0.0.1 as a host of media.
    var isForListingWorker = false

    var testDescription: String { name }

    static let all = paths + addresses + odd + documents + fields + videos + photos

    // MARK: Making them

    static func id(_ name: String) -> String { name.replacing(" ", with: "-") }

    /// A job that is in order but for these fields.
    static func job(_ name: String, _ changes: [String: JSONValue]) -> [UInt8] {
        let usual: [String: JSONValue] = [
            "id": .string(id(name)), "account": "mira", "video": "good.mp4", "privacy": "public",
            "title": .string("CANARY-CAPTION of \(name)"),
        ]
        return JSONValue.object(usual.merging(changes) { $1 }.filter { $0.value != .null }).encoded
    }

    /// A video that a path or an address names.
    static func video(
        _ name: String,
        _ reference: String,
        _ code: String,
        _ says: String
    ) -> HostileInput {
        HostileInput(
            name: name,
            document: job(name, ["video": .string(reference)]),
            code: code,
            says: says
        )
    }

    /// Photos for the worker that may fetch from this machine, in whose addresses `FILES` stands
    /// for a folder that is served and `ODD` for a server that misbehaves.
    static func photos(
        _ name: String,
        _ references: [String],
        _ code: String,
        _ says: String
    ) -> HostileInput {
        let photos = JSONValue.array(references.map(JSONValue.string))
        var input = HostileInput(
            name: name,
            document: job(name, ["video": .null, "photos": photos]),
            code: code,
            says: says
        )
        input.isForListingWorker = true
        return input
    }

    /// A document that breaks a rule of one of its fields.
    static func field(
        _ name: String,
        _ changes: [String: JSONValue],
        _ says: String
    ) -> HostileInput {
        HostileInput(
            name: name,
            document: job(name, changes),
            code: "document_invalid",
            says: says
        )
    }

    /// A document of which not even the id can be read.
    static func unreadable(
        _ name: String,
        _ document: [UInt8],
        _ says: String? = nil
    ) -> HostileInput {
        HostileInput(
            name: name,
            document: document,
            code: "document_invalid",
            says: says ?? "got \(document.count) bytes that are no JSON",
            hasRow: false
        )
    }
}
