/// Everything that a campaign does, decided beforehand by its seed.
struct CampaignPlan: Sendable {
    let size: CampaignSize
    let accounts: [CampaignAccount]
    let jobs: [CampaignJob]
    /// Indices of `jobs` in the order in which they are pushed; a repeated one comes again.
    let pushes: [Int]
    let strikes: [CampaignStrike]
    /// Jobs of one account that may transfer at once.
    let accountConcurrency: Int

    init(_ size: CampaignSize) {
        self.size = size
        var random = CampaignRandom(seed: size.seed)
        accountConcurrency = Int.random(in: 1...2, using: &random)
        var draft = CampaignDraft()
        draft.fill(size.jobs, using: &random)
        accounts = draft.accounts
        jobs = draft.jobs.shuffled(using: &random).enumerated().map { index, job in
            var job = job
            let mayRepeat = job.end == .published || job.end == .delivered
            if mayRepeat, index.isMultiple(of: 12) {
                job.repeats = Int.random(in: 1...2, using: &random)
            }
            return job
        }
        pushes = Self.order(jobs, using: &random)
        strikes = CampaignStrike.plan(size, using: &random)
    }

    /// Repetitions come anywhere behind the first of their kind, also right behind it.
    private static func order(
        _ jobs: [CampaignJob],
        using random: inout CampaignRandom
    ) -> [Int] {
        var order = Array(jobs.indices)
        for (index, job) in jobs.enumerated() {
            for _ in 0..<job.repeats {
                let first = order.firstIndex(of: index) ?? 0
                let isNear = Bool.random(using: &random)
                let last = isNear ? min(first + 3, order.count) : order.count
                order.insert(
                    index,
                    at: Int.random(in: first + 1...max(last, first + 1), using: &random)
                )
            }
        }
        return order
    }
}

/// A connected account and its limits.
struct CampaignAccount: Sendable {
    let name: String
    /// Posts a day that TikTok takes.
    var tiktokPosts = Self.postsPerDay
    /// Posts a day in the account's own row.
    var ownPosts: Int?

    /// What the settings say for all.
    static let postsPerDay = 15
    static let draftsPerDay = 5

    var openID: String { "-000-\(name)" }
    var posts: Int { min(tiktokPosts, ownPosts ?? Self.postsPerDay) }
}

/// A plan's accounts and jobs while they are made up.
private struct CampaignDraft {
    private(set) var accounts: [CampaignAccount] = []
    private(set) var jobs: [CampaignJob] = []

    mutating func fill(_ count: Int, using random: inout CampaignRandom) {
        for _ in 0..<max(1, count / 100) { addBusy(posts: 8, using: &random) }
        for number in 0..<max(2, count / 40) {
            let isTikToks = number.isMultiple(of: 2)
            addCapped(isTikToks: isTikToks, using: &random)
        }
        addDrafter(drafts: CampaignAccount.draftsPerDay + 2, using: &random)
        for kind in CampaignJob.Kind.allCases where kind != .post {
            for _ in 0..<max(1, count / 50) { add(kind, newAccount(), using: &random) }
        }
        while jobs.count < count {
            let account = newAccount()
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                add(.post, account, using: &random)
            }
        }
    }

    private mutating func addBusy(posts: Int, using random: inout CampaignRandom) {
        let account = newAccount()
        // Large, so that two of them at once would be seen.
        for _ in 0..<posts { add(.post, account, .threeChunks, using: &random) }
    }

    /// More jobs than one day takes; by TikTok's count, or by ours.
    private mutating func addCapped(isTikToks: Bool, using random: inout CampaignRandom) {
        let account = newAccount {
            if isTikToks { $0.tiktokPosts = 2 } else { $0.ownPosts = 2 }
        }
        for _ in 0..<3 { add(.post, account, using: &random) }
    }

    private mutating func addDrafter(drafts: Int, using random: inout CampaignRandom) {
        let account = newAccount()
        for _ in 0..<drafts { add(.draft, account, using: &random) }
    }

    private mutating func newAccount(
        _ change: (inout CampaignAccount) -> Void = { _ in }
    ) -> String {
        var account = CampaignAccount(name: "account-\(accounts.count)")
        change(&account)
        accounts.append(account)
        return account.name
    }

    private mutating func add(
        _ kind: CampaignJob.Kind,
        _ account: String,
        _ wanted: CampaignMedia? = nil,
        using random: inout CampaignRandom
    ) {
        let media = wanted ?? CampaignMedia.any(using: &random)
        jobs.append(
            CampaignJob(
                id: "job-\(jobs.count)-\(kind)",
                account: kind == .accountUnknown ? "nobody-\(jobs.count)" : account,
                kind: kind,
                media: kind == .noVideo ? .byte : media
            )
        )
    }
}
