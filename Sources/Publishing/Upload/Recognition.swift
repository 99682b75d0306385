internal import FoundationEssentials
internal import TikTok

/// Pure: which of the videos that TikTok lists is a post in doubt.
///
/// Says yes only where nothing else can be meant: a post that is taken for another would be told as
/// published, and nobody would look again.
struct Recognition: Sendable {
    /// What the post says, as it may be listed; empty when it says nothing to know it by.
    let captions: Set<String>
    /// From when on it may have been made.
    let earliest: Date
    let latest: Date

    /// How much TikTok's clock may be behind that of PostgreSQL.
    ///
    /// Our choice; list times have whole seconds.
    private static let clockSkew = Duration.seconds(60)

    /// From the init to the post at the longest: TikTok fetches for an hour and processes for
    /// minutes (Media Transfer Guide, copy of 2026-09-11); the rest is ours.
    private static let makingTime = Duration.seconds(6 * 3600)

    /// - Parameter began: when its init was about to be sent.
    init(_ job: PublishJob, initStartedAt began: Date) {
        let (title, description) = (job.options.title ?? "", job.options.description ?? "")
        captions = Set(
            [title, description, title + " " + description].map(Self.plain).filter { !$0.isEmpty }
        )
        earliest = began - Self.clockSkew.seconds
        latest = began + Self.makingTime.seconds
    }

    /// Whether TikTok would list such a job's post at all: only public ones are.
    static func isPossible(for job: PublishJob) -> Bool {
        let says = [job.options.title, job.options.description].compactMap(\.self)
        return job.mode == .direct && job.privacy == .publicToEveryone
            && says.contains { !plain($0).isEmpty }
    }

    /// Those of the listed that may be the post.
    func candidates(in listed: [ListedVideo]) -> [ListedVideo] {
        listed.filter { video in
            guard let seconds = video.createdAt else { return false }
            let made = Date(timeIntervalSince1970: Double(seconds))
            let says = [video.title, video.caption].compactMap(\.self).map(Self.plain)
            return made >= earliest && made <= latest && says.contains(where: captions.contains)
        }
    }

    /// Whether a page that ends with this video has everything that may be the post.
    func isPast(_ video: ListedVideo) -> Bool {
        guard let seconds = video.createdAt else { return false }
        return Date(timeIntervalSince1970: Double(seconds)) < earliest
    }

    /// Without the spaces that TikTok may add or drop.
    private static func plain(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
