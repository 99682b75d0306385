import Foundation
import JSON
import Publishing
import Support

/// One document that upstream pushes, and what must become of it.
struct CampaignJob: Sendable {
    let id: String
    let account: String
    let kind: Kind
    var media: CampaignMedia
    /// How often the same document comes again.
    var repeats = 0

    enum Kind: Sendable, Hashable, CaseIterable {
        case post
        case draft
        /// TikTok fetches these three itself.
        case photos, photoDraft, pull
        /// With a `publish_at` some seconds ahead.
        case scheduled
        case expired
        /// Breaks a rule; its id can be read.
        case broken
        /// Is no JSON at all.
        case unreadable
        case fileMissing
        case noVideo
        case accountUnknown
        case audienceRefused
    }

    /// How it must end.
    enum End: Sendable, Equatable {
        case published
        case delivered
        case expired
        case rejected
        case failed(code: String)
        /// Without a row: only a dead letter.
        case unread
    }

    var end: End {
        switch kind {
        case .post, .scheduled, .photos, .pull: .published
        case .draft, .photoDraft: .delivered
        case .expired: .expired
        case .broken: .rejected
        case .unreadable: .unread
        case .fileMissing: .failed(code: "media_not_found")
        case .noVideo: .failed(code: "media_type_unknown")
        case .accountUnknown: .failed(code: "account_unknown")
        case .audienceRefused: .failed(code: "privacy_not_offered")
        }
    }

    /// Its init posts by itself: when the answer is lost, nobody can know whether it did.
    var mayBeInDoubt: Bool { [.photos, .photoDraft, .pull].contains(kind) }

    var title: String { TestBed.title(of: id) }

    /// Whether it goes to the dead letters.
    var dies: Bool {
        switch end {
        case .failed, .rejected, .unread: true
        case .published, .delivered, .expired: false
        }
    }

    /// As upstream would push it.
    ///
    /// - Parameter notBefore: of a job that is scheduled.
    func document(notBefore: Date?) -> [UInt8] {
        guard kind != .unreadable else { return Array("{\"id\":\"\(id)\",".utf8) }
        var fields: [String: JSONValue] = [
            "id": .string(id), "account": .string(account), "video": .string(media.name),
            "title": .string(title), "privacy": "public",
        ]
        switch kind {
        case .post, .unreadable, .noVideo, .accountUnknown: break
        case .draft: fields["mode"] = "draft"
        case .photos, .photoDraft:
            fields["video"] = nil
            fields["photos"] = ["a.jpg", "one.webp"]
            if kind == .photoDraft { fields["mode"] = "draft" }
        case .pull:
            fields["video"] = "clip.mp4"
            fields["transfer"] = "pull"
        case .scheduled: fields["publish_at"] = .time(notBefore)
        case .expired: fields["expires_at"] = "2026-01-01T00:00:00Z"
        case .broken: fields["titel"] = "a field that no document has"
        case .fileMissing: fields["video"] = .string("missing-\(id).mp4")
        case .audienceRefused: fields["privacy"] = "followers"
        }
        return JSONValue.object(fields).encoded
    }
}

/// The few files that all jobs share.
enum CampaignMedia: Int, Sendable, CaseIterable {
    case byte, tiny, small, medium, chunk, twoChunks, threeChunks

    static let chunkBytes = 5_242_880

    var name: String { "\(self).mp4" }

    var bytes: Int {
        switch self {
        case .byte: 1
        case .tiny: TestVideo.bytesMin
        case .small: 3_000
        case .medium: 700_000
        case .chunk: Self.chunkBytes
        case .twoChunks: 2 * Self.chunkBytes + 12_345
        case .threeChunks: 3 * Self.chunkBytes
        }
    }

    /// Mostly small: what is tried here is the order of things, not throughput.
    static func any(using random: inout CampaignRandom) -> CampaignMedia {
        switch Int.random(in: 0..<100, using: &random) {
        case ..<10: .tiny
        case ..<60: .small
        case ..<75: .medium
        case ..<83: .chunk
        case ..<92: .twoChunks
        default: .threeChunks
        }
    }
}
