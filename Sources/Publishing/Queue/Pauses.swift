/// What a person may pause.
package enum Pauses {
    package enum Subject: Sendable, Equatable {
        /// Nothing of the list is claimed.
        case queue(String)
        /// No post of the account begins; what is at TikTok is watched to its end.
        case account(String)

        var key: String {
            switch self {
            case .queue(let name): "queue:" + name
            case .account(let name): "account:" + name
            }
        }
    }

    /// A pause that stands.
    package struct Pause: Sendable, Equatable {
        package let reason: String
        /// How long it lasts from now on; `nil`: until somebody resumes.
        package let left: Duration?
    }

    /// Longest reason, in bytes.
    package static let reasonBytesMax = 500
    /// Longest pause with an end: a year.
    package static let longest = Duration.seconds(366 * 86_400)
}
