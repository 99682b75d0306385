import Files
import Foundation
import JSON
import Testing

@testable import Publishing
@testable import TikTok

/// Posts whose media TikTok fetches itself: what is sent, and how one is known again.
struct PulledTests {
    // MARK: Requests

    @Test(arguments: [false, true], [false, true])
    func `what the creator has switched off is switched off`(
        _ isOff: Bool,
        _ isWanted: Bool
    ) throws {
        let wanted = JSONValue.bool(isWanted)
        let switches = [
            "disable_comment": wanted, "disable_duet": wanted, "disable_stitch": wanted,
        ]
        let video = try Document.read(Document.with(switches))
        let photos = try Document.read(
            Document.photos.merging(["disable_comment": wanted, "photo_cover_index": 1]) { $1 }
        )
        let creator = Self.creator(isOff: isOff)

        let clip = try #require(VideoPost(video, creator))
        let album = PhotoPost(photos, images: ["a", "b"], creator)

        let all = [clip.disableComment, clip.disableDuet, clip.disableStitch]
        #expect(all.allSatisfy { $0 == (isOff || isWanted) })
        guard case .direct(let settings) = album.destination else {
            Issue.record("\(album.destination)")
            return
        }
        #expect(settings.disableComment == (isOff || isWanted))
        #expect(album.coverIndex == 1 && album.images == ["a", "b"])
    }

    private static func creator(isOff: Bool) -> CreatorInfo {
        CreatorInfo(
            username: nil,
            nickname: nil,
            avatarURL: nil,
            privacyLevels: [.selfOnly],
            isCommentDisabled: isOff,
            isDuetDisabled: isOff,
            isStitchDisabled: isOff,
            longestVideoSeconds: nil,
            logID: nil
        )
    }

    // MARK: Recognition

    static let began = Date(timeIntervalSince1970: 1_800_000_000)

    static func listed(_ seconds: Int64?, title: String? = nil, caption: String? = nil) throws
        -> ListedVideo
    {
        ListedVideo(
            id: try #require(PostID("7600000000000000001")),
            createdAt: seconds.map { 1_800_000_000 + $0 },
            title: title,
            caption: caption,
            durationSeconds: nil,
            shareURL: nil
        )
    }

    @Test(
        arguments: [
            (0, true), (-60, true), (-61, false), (21_600, true), (21_601, false), (nil, false),
        ] as [(Int64?, Bool)]
    )
    func `a listed post counts only within its time`(_ seconds: Int64?, _ counts: Bool) throws {
        let job = try Document.read(Document.with(["title": "Bread"]))
        let recognition = Recognition(job, initStartedAt: Self.began)

        let found = recognition.candidates(in: [try Self.listed(seconds, caption: "Bread")])

        #expect(found.count == (counts ? 1 : 0))
    }

    @Test func `a listed post is known by what it says, whatever becomes of spaces`() throws {
        let job = try Document.read(
            Document.photos.merging(["title": "My  bread", "description": "Is\ngood "]) { $1 }
        )
        let recognition = Recognition(job, initStartedAt: Self.began)
        func knows(_ title: String?, _ caption: String?) throws -> Bool {
            let video = try Self.listed(5, title: title, caption: caption)
            return !recognition.candidates(in: [video]).isEmpty
        }

        #expect(try knows("My bread", nil))
        #expect(try knows(nil, "Is good"))
        #expect(try knows("", "My bread Is good"))
        #expect(try !knows("My bread is good", "Bread"))
        #expect(try !knows(nil, nil) && !knows("", ""))
    }

    @Test func `only public direct posts that say something can be known again`() throws {
        let title: [String: JSONValue] = ["title": "Bread", "privacy": "public"]
        func isPossible(_ changes: [String: JSONValue]) throws -> Bool {
            let members = Document.photos.merging(title) { $1 }.merging(changes) { $1 }
            return Recognition.isPossible(for: try Document.read(members))
        }

        #expect(try isPossible([:]))
        #expect(try isPossible(["title": .null, "description": "Bread"]))
        #expect(try !isPossible(["title": " \n"]))
        #expect(try !isPossible(["privacy": "private"]))
        #expect(try !isPossible(["mode": "draft", "privacy": .null]))
    }
}
