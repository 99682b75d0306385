/// Pure: how long to wait before TikTok is asked again what became of a post.
///
/// TikTok says that 512 MB take under 30 s and 1 GB about a minute (Get Post Status page, stamped
/// 2026-08-04), and promises no bound; 30 questions a minute are allowed for an account.
enum VerdictPolling {
    /// - Parameter polls: how often it was asked already.
    static func delay(afterPolls polls: Int) -> Duration {
        switch polls {
        case ..<1: .seconds(1)
        case ..<3: .seconds(2)
        case ..<8: .seconds(5)
        case ..<40: .seconds(15)
        case ..<60: .seconds(60)
        default: .seconds(300)
        }
    }
}
