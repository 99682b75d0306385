@testable import Publishing

/// What a seed decides for a whole run: how many there are of each, the limits, and how often
/// things go wrong.
struct QueueModelRules {
    let accounts: [String]
    let queues: [String]
    let limits: Admission.Limits
    /// Limits of single accounts, as in their rows; -1: none, 0: nothing may be posted.
    private(set) var ownLimits: [String: Int]
    /// In thousandths.
    let replyLost: Int
    let workerDies: Int
    /// Jumps of the clock to choose from, ms.
    let jumps: [Int64]
    let pushes: Int

    static let lease = Duration.seconds(30)
    static let prefix = "{model}:"
    static let keys = QueueKeys(prefix: prefix)
    static let workers = 4
    static let day: Int64 = 86_400_000

    init(_ numbers: inout QueueModelNumbers) {
        accounts = (0..<numbers.from(1, to: 5)).map { "account-\($0)" }
        queues = (0..<numbers.from(1, to: 3)).map { "queue-\($0)" }
        limits = Admission.Limits(
            concurrency: numbers.from(1, to: 3),
            dailyPosts: numbers.one(of: [0, 0, 0, 1, 2, 3, 5, 8]),
            dailyDrafts: numbers.one(of: [0, 0, 1, 2, 4]),
            activeAccounts: numbers.one(of: [0, 0, 1, 2, 3]),
            perMinute: Admission.CallsPerMinute(
                creatorInfo: numbers.from(1, to: 6),
                inits: numbers.from(1, to: 4),
                status: numbers.from(1, to: 4)
            )
        )
        var own: [String: Int] = [:]
        for account in accounts where numbers.chance(300) {
            own[account] = numbers.one(of: [-1, 0, 1, 2, 8])
        }
        ownLimits = own
        let isCalm = numbers.chance(250)
        replyLost = isCalm ? 0 : numbers.from(0, to: 120)
        workerDies = isCalm ? 0 : numbers.from(0, to: 120)
        let minutes: [Int64] = [10, 500, 2000, 5000, 10_000, 20_000, 31_000, 62_000]
        let hours: [Int64] = [3_600_000, 8 * 3_600_000, 25 * 3_600_000]
        jumps = minutes + minutes + (numbers.chance(500) ? hours : [3_600_000])
        pushes = numbers.from(80, to: 220)
    }

    /// Accounts that may post nothing would never come to an end.
    mutating func liftZeroes() {
        ownLimits = ownLimits.filter { $0.value != 0 }
    }

    /// Posts or drafts that the account may begin in a day; `nil`: any number.
    func daily(_ kind: String, of account: String) -> Int? {
        if kind == "draft" { return limits.dailyDrafts == 0 ? nil : limits.dailyDrafts }
        if let own = ownLimits[account] { return own < 0 ? nil : own }
        return limits.dailyPosts == 0 ? nil : limits.dailyPosts
    }
}

/// A promise that did not hold.
struct QueueModelViolation: Error, CustomStringConvertible {
    let description: String
}

/// Throws where a promise does not hold.
func unless(
    _ holds: Bool,
    _ what: @autoclosure () -> String
) throws(QueueModelViolation) {
    guard holds else { throw QueueModelViolation(description: what()) }
}
