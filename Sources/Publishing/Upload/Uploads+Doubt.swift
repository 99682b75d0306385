internal import FoundationEssentials

/// What an earlier worker may have sent: nothing begins anew while TikTok may only not have counted
/// it yet.
extension Uploads {
    /// When TikTok must have said its verdict, while the last chunk may have arrived unseen.
    ///
    /// TikTok's count of the bytes may lag behind a chunk that was begun a short while ago; until
    /// it surely does not, missing bytes are no proof that the post is not out.
    func doubt(_ ledger: Ledger) -> Date? {
        guard ledger.upload != nil, let deadline = ledger.verdictDeadline else { return nil }
        let begun = deadline - rules.verdictDeadline.seconds
        return begun + Self.countMayLag.seconds > .now ? deadline : nil
    }

    /// From the beginning of the last chunk.
    ///
    /// TikTok promises no time; its count was never seen to be minutes behind.
    private static let countMayLag = Duration.seconds(120)

    /// An upload that cannot be gone on with.
    ///
    /// While its last chunk may have arrived, TikTok is asked again before anything begins anew.
    func lost(_ doubt: Date?, _ turn: Turn, because failure: Failure) async -> Stop {
        doubt == nil ? await forget(turn, because: failure) : .failed(failure)
    }
}
