internal import Crypto
internal import FoundationEssentials
internal import HTTP
internal import TikTok

/// TikTok's proof that it sent a body, from the header `TikTok-Signature: t=…,s=…`.
///
/// `s` is HMAC-SHA256, in hexadecimal digits, of the text of `t`, a dot and the body as sent, with
/// the app's client secret as the key (page "Webhooks verification", undated, read 2026-09-11).
struct WebhookSignature: Sendable {
    /// When it was signed, in seconds since 1970.
    let time: Int64
    private let timeText: String
    private let digest: [UInt8]

    /// Two words and their names; nothing longer is TikTok's.
    private static let bytesMax = 256

    /// - Returns: `nil` when there is no such header, more than one, or one of another shape.
    init?(_ headers: HTTPHeaders) {
        let values = headers.all("TikTok-Signature")
        guard values.count == 1, let value = values.first, value.utf8.count <= Self.bytesMax else {
            return nil
        }
        var words: [Substring: Substring] = [:]
        for part in value.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = pair[0].drop { $0 == " " }
            // A name twice could be read in two ways.
            guard pair.count == 2, words.updateValue(pair[1], forKey: name) == nil else {
                return nil
            }
        }
        guard let timeText = words["t"], (1...15).contains(timeText.utf8.count),
            timeText.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let time = Int64(timeText),
            let digest = words["s"].flatMap({ Hexadecimal.decode(String($0)) }),
            digest.count == HMACSHA256.byteCount
        else { return nil }
        self.time = time
        self.timeText = String(timeText)
        self.digest = digest
    }

    /// Whether it is that of `body`; the time taken does not tell how much of it is right.
    func isValid(for body: [UInt8], secret: ClientSecret) -> Bool {
        HMACSHA256.isValid(
            digest,
            key: SecretText(secret.reveal()),
            message: Array(timeText.utf8) + [UInt8(ascii: ".")] + body
        )
    }

    /// How old a signature may be.
    ///
    /// TikTok repeats what was not answered with 200 for up to 72 hours, and nobody says whether it
    /// signs it anew each time. If it does not, a window of minutes, as others have it, would
    /// refuse what TikTok took the trouble to repeat. So all of that time counts, and an hour for
    /// the last step of its back-off. Whoever sends an old message again within it gains nothing:
    /// each is noted once, and the note outlives the window.
    static let longestAge = Duration.seconds(73 * 3600)
    /// How much TikTok's clock may be ahead of ours.
    static let clockSkew = Duration.seconds(300)

    /// How a signature's time stands to ours.
    enum Age: Sendable, Equatable {
        case current
        case stale(Duration)
        case fromTheFuture(Duration)
    }

    func age(at now: Date = .now) -> Age {
        let age = Duration.seconds(Int64(now.timeIntervalSince1970) - time)
        if age > Self.longestAge { return .stale(age) }
        return age < .zero - Self.clockSkew ? .fromTheFuture(.zero - age) : .current
    }
}
