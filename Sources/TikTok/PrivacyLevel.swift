/// Who may see a post.
///
/// Source: Query Creator Info reference (undated copy). Public accounts offer the first, private
/// accounts the third instead; entries may be missing, and values may come that are not listed
/// here.
package enum PrivacyLevel: Hashable, Sendable, CustomStringConvertible {
    case publicToEveryone
    case mutualFollowFriends
    case followerOfCreator
    case selfOnly
    /// A value TikTok may add; passed on as it is, at most 64 characters.
    case unknown(String)

    package static let known: [PrivacyLevel] = [
        .publicToEveryone, .mutualFollowFriends, .followerOfCreator, .selfOnly,
    ]

    /// Reads TikTok's spelling.
    package init(tiktokName: String) {
        self =
            Self.known.first { $0.tiktokName == tiktokName }
            ?? .unknown(tiktokName.cleaned(limit: 64))
    }

    /// Reads the word a job may use: TikTok's four values, or `public`, `friends`, `followers`,
    /// `private`.
    ///
    /// - Returns: `nil` for any other word.
    package init?(jobWord: String) {
        guard
            let level = Self.known.first(where: {
                $0.tiktokName == jobWord || $0.friendlyName == jobWord
            })
        else { return nil }
        self = level
    }

    /// What is sent to TikTok.
    package var tiktokName: String {
        switch self {
        case .publicToEveryone: "PUBLIC_TO_EVERYONE"
        case .mutualFollowFriends: "MUTUAL_FOLLOW_FRIENDS"
        case .followerOfCreator: "FOLLOWER_OF_CREATOR"
        case .selfOnly: "SELF_ONLY"
        case .unknown(let name): name
        }
    }

    /// The word for people; TikTok's own when there is none.
    package var friendlyName: String {
        switch self {
        case .publicToEveryone: "public"
        case .mutualFollowFriends: "friends"
        case .followerOfCreator: "followers"
        case .selfOnly: "private"
        case .unknown(let name): name
        }
    }

    package var description: String { tiktokName }
}
