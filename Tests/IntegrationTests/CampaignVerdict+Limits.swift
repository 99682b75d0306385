/// The limits of each account, counted again from what TikTok has seen.
extension CampaignVerdict {
    private static let day: Int64 = 86_400_000
    private static let minute: Int64 = 60_000

    var dailyPosts: [CampaignFinding] {
        let out = Dictionary(grouping: facts.posts.filter(\.isDelivered), by: \.openID)
        return facts.accounts.flatMap { account -> [CampaignFinding] in
            let posts = out[account.openID] ?? []
            let kinds = [
                ("posts", posts.filter { !$0.isDraft }, account.posts),
                ("drafts", posts.filter(\.isDraft), CampaignAccount.draftsPerDay),
            ]
            return kinds.compactMap { word, posts, limit in
                let most = Self.most(posts.map(\.createdAt), within: Self.day)
                guard most > limit else { return nil }
                return CampaignFinding(
                    kind: .overDailyLimit,
                    what: "\(most) \(word) within 24 hours, \(limit) are allowed",
                    account: account.name
                )
            }
        }
    }

    /// Refused and spoilt calls count as well: they were made.
    var minuteLimits: [CampaignFinding] {
        let calls = Dictionary(grouping: facts.calls) { "\($0.openID) \($0.endpoint.rawValue)" }
        return calls.values.compactMap { calls in
            guard let first = calls.first else { return nil }
            let limit = first.endpoint.callsPerMinute
            let most = Self.most(calls.map(\.at), within: Self.minute)
            guard most > limit else { return nil }
            return CampaignFinding(
                kind: .overMinuteLimit,
                what: "\(most) calls of \(first.endpoint) within a minute, \(limit) are allowed",
                account: first.openID
            )
        }
    }

    /// Most of these moments that lie within one rolling window.
    static func most(_ moments: [Int64], within window: Int64) -> Int {
        let sorted = moments.sorted()
        var most = 0
        var first = 0
        for (index, moment) in sorted.enumerated() {
            while moment - sorted[first] >= window { first += 1 }
            most = max(most, index - first + 1)
        }
        return most
    }

    /// Transfers of different posts of one account at the same time.
    ///
    /// A frozen worker cannot close its connection: a transfer that outlasts a freeze says nothing.
    var concurrency: [CampaignFinding] {
        let seen = facts.transfers.filter { transfer in
            !facts.freezes.contains {
                transfer.beganAt <= $0.lowerBound && $0.upperBound <= transfer.endedAt
            }
        }
        return Dictionary(grouping: seen, by: \.openID).compactMap { openID, transfers in
            let most = Self.mostAtOnce(transfers)
            guard most.count > facts.accountConcurrency else { return nil }
            return CampaignFinding(
                kind: .overConcurrency,
                what: "\(most.count) transfers at once, \(facts.accountConcurrency) are allowed:"
                    + " \(most.sorted().joined(separator: " "))",
                account: openID
            )
        }
    }

    /// The largest set of posts whose transfers overlap; touching ends do not.
    private static func mostAtOnce(_ transfers: [CampaignFacts.Transfer]) -> Set<String> {
        let sets = transfers.map { one in
            Set(
                transfers.filter { $0.beganAt <= one.beganAt && one.beganAt < $0.endedAt }
                    .map(\.publishID)
            )
        }
        return sets.max { $0.count < $1.count } ?? []
    }
}
