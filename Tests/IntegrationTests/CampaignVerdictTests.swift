import Testing

/// The verdict finds every fault that is planted, and nothing in a campaign that went well.
struct CampaignVerdictTests {
    private static let posted = CampaignJob(id: "a", account: "mira", kind: .post, media: .small)
    private static let drafted = CampaignJob(id: "b", account: "mira", kind: .draft, media: .small)
    private static let repeated = CampaignJob(
        id: "c",
        account: "noor",
        kind: .scheduled,
        media: .tiny,
        repeats: 1
    )
    private static let expired = CampaignJob(id: "d", account: "noor", kind: .expired, media: .tiny)
    private static let broken = CampaignJob(id: "e", account: "noor", kind: .broken, media: .tiny)
    private static let unread = CampaignJob(
        id: "f",
        account: "noor",
        kind: .unreadable,
        media: .tiny
    )
    private static let missing = CampaignJob(
        id: "g",
        account: "noor",
        kind: .fileMissing,
        media: .tiny
    )

    /// All went well.
    static var good: CampaignFacts {
        var facts = CampaignFacts(
            accounts: [
                CampaignAccount(name: "mira"), CampaignAccount(name: "noor", tiktokPosts: 2),
            ],
            jobs: [posted, drafted, repeated, expired, broken, unread, missing],
            accountConcurrency: 1
        )
        facts.digests = ["small.mp4": "5", "tiny.mp4": "7"]
        facts.posts = [
            post("v1", "mira", "Title of a", at: 1000, "5"),
            post("v2", "mira", "", at: 2000, "5"),
            post("v3", "noor", "Title of c", at: 3000, "7"),
            post("v4", "noor", "Title of c", at: 2500, ""),
        ]
        facts.posts[1].isDraft = true
        facts.posts[3].isDelivered = false
        facts.rows = [
            "a": .init(status: "published", publishID: "v1"),
            "b": .init(status: "delivered", publishID: "v2"),
            "c": .init(status: "published", publishID: "v3"),
            "d": .init(status: "expired"),
            "e": .init(status: "rejected", errorCode: "document_invalid"),
            "g": .init(status: "failed", errorCode: "media_not_found"),
        ]
        facts.duplicates = ["c": 1]
        facts.deadDocuments = [broken, unread, missing].map {
            String(decoding: $0.document(notBefore: nil), as: UTF8.self)
        }
        facts.notBefore = ["c": 2400]
        facts.calls = (0..<12).map {
            .init(openID: "-000-mira", endpoint: .videoInit, at: Int64($0) * 10_000)
        }
        facts.transfers = [transfer("v1", 1000...1500), transfer("v2", 1500...2000)]
        return facts
    }

    private static func post(
        _ id: String,
        _ account: String,
        _ title: String,
        at moment: Int64,
        _ sha256: String
    ) -> CampaignFacts.Post {
        .init(
            publishID: id,
            openID: "-000-\(account)",
            title: title,
            createdAt: moment,
            sha256: sha256
        )
    }

    private static func transfer(_ id: String, _ span: ClosedRange<Int64>) -> CampaignFacts.Transfer
    {
        .init(
            openID: "-000-mira",
            publishID: id,
            beganAt: span.lowerBound,
            endedAt: span.upperBound
        )
    }

    @Test func `a campaign that went well has no findings`() {
        #expect(CampaignVerdict(Self.good).findings.map(\.description) == [])
    }

    /// One thing that went wrong.
    struct Planted: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let kind: CampaignFinding.Kind
        let change: @Sendable (inout CampaignFacts) -> Void

        init(
            _ name: String,
            _ kind: CampaignFinding.Kind,
            _ change: @escaping @Sendable (inout CampaignFacts) -> Void
        ) {
            testDescription = name
            self.kind = kind
            self.change = change
        }
    }

    static let ofJobs = [
        Planted("a job without a row", .lost) { $0.rows["d"] = nil },
        Planted("a job that never ended", .lost) { $0.rows["a"]?.status = "waiting" },
        Planted("a job that waits without a row", .unseen) { $0.unseen = ["a"] },
        Planted("a row of success without its post", .lost) { $0.posts.remove(at: 0) },
        Planted("a draft that is not there", .lost) { $0.posts.remove(at: 1) },
        Planted("an event that is missing", .lost) { $0.duplicates = [:] },
        Planted("a dead letter that is missing", .lost) { $0.deadDocuments.removeLast() },
        Planted("an unread document without a dead letter", .lost) {
            $0.deadDocuments.remove(at: 1)
        },
        Planted("one event too many", .events) { $0.duplicates["c"] = 2 },
        Planted("a post that came twice", .postedTwice) { $0.posts[3].isDelivered = true },
        Planted("a draft that came twice", .postedTwice) {
            $0.posts.append(Self.post("v9", "mira", "", at: 9000, "5"))
            $0.posts[4].isDraft = true
        },
        Planted("a post of an expired job", .postedWrongly) {
            $0.posts.append(Self.post("v9", "noor", "Title of d", at: 9000, "7"))
        },
        Planted("a post of nobody's", .postedWrongly) {
            $0.posts.append(Self.post("v9", "noor", "Something", at: 9000, "7"))
        },
        Planted("a post to another account", .postedWrongly) { $0.posts[0].openID = "-000-noor" },
        Planted("a post with other bytes", .postedWrongly) { $0.posts[0].sha256 = "6" },
        Planted("a post that the row does not name", .postedWrongly) {
            $0.rows["a"]?.publishID = "v8"
        },
        Planted("a post before its time", .postedWrongly) { $0.notBefore["c"] = 3001 },
        Planted("a failure without need", .wrongEnd) {
            $0.posts.remove(at: 0)
            $0.rows["a"] = .init(status: "failed", errorCode: "upload_interrupted")
        },
        Planted("doubt without need", .wrongEnd) { $0.rows["a"]?.status = "in_doubt" },
        Planted("a failure for another reason", .wrongEnd) { $0.rows["g"]?.errorCode = "other" },
        Planted("a row of nobody's job", .wrongEnd) { $0.rows["z"] = .init(status: "failed") },
        Planted("a row of what cannot be read", .wrongEnd) {
            $0.rows["f"] = .init(status: "rejected")
        },
    ]

    static let ofLimits = [
        Planted("more posts than a day takes", .overDailyLimit) { facts in
            facts.accounts[1].tiktokPosts = 0
        },
        Planted("more posts than the account's own row allows", .overDailyLimit) { facts in
            facts.accounts[0].ownPosts = 0
        },
        Planted("one call too many in a minute", .overMinuteLimit) {
            $0.calls.append(.init(openID: "-000-mira", endpoint: .videoInit, at: 59_999))
        },
        Planted("two transfers at once", .overConcurrency) {
            $0.transfers[1].beganAt = 1499
        },
        Planted("something no client would send", .violation) { $0.violations = ["init: twice"] },
        Planted("a slot that leaks", .leftover) { $0.leftovers = ["slots:mira"] },
        Planted("a dead letter of a job that was posted", .leftover) {
            let document = Self.posted.document(notBefore: nil)
            $0.deadDocuments.append(String(decoding: document, as: UTF8.self))
        },
        Planted("two dead letters of one document", .leftover) {
            $0.deadDocuments.append($0.deadDocuments[0])
        },
        Planted("a worker that crashed", .mishap) { $0.mishaps = ["worker-1 ended with 5"] },
    ]

    @Test(arguments: ofJobs + ofLimits)
    func `a planted fault is found`(planted: Planted) {
        var facts = Self.good
        planted.change(&facts)

        let findings = CampaignVerdict(facts).findings

        #expect(findings.contains { $0.kind == planted.kind }, "\(findings)")
        #expect(Set(findings.map(\.kind)) == [planted.kind], "\(findings)")
    }

    @Test func `a transfer that outlasts a freeze is nobody's fault`() {
        var facts = Self.good
        facts.transfers = [
            Self.transfer("v1", 1000...9000), Self.transfer("v2", 6000...7000),
        ]
        #expect(CampaignVerdict(facts).findings.count == 1)

        facts.freezes = [1200...8000]

        #expect(CampaignVerdict(facts).findings.map(\.description) == [])
    }

    @Test func `chunks of one post may overlap`() {
        var facts = Self.good
        facts.transfers[1] = Self.transfer("v1", 1200...2000)

        #expect(CampaignVerdict(facts).findings.map(\.description) == [])
    }

    @Test func `a rolling window counts what lies within it, not what lies at its ends`() {
        #expect(CampaignVerdict.most([], within: 10) == 0)
        #expect(CampaignVerdict.most([0, 10, 20], within: 10) == 1)
        #expect(CampaignVerdict.most([20, 0, 9, 10, 11], within: 10) == 3)
    }

    @Test func `a seed repeats its plan, another one has another`() {
        func plan(_ seed: UInt64) -> CampaignPlan {
            CampaignPlan(CampaignSize(seed: seed, jobs: 300, kills: 9))
        }
        let (one, again, other) = (plan(5), plan(5), plan(6))

        #expect(one.pushes == again.pushes)
        #expect(one.jobs.map(\.id) == again.jobs.map(\.id))
        #expect(one.strikes.map(\.pause) == again.strikes.map(\.pause))
        #expect(one.jobs.map(\.id) != other.jobs.map(\.id))
        #expect(one.jobs.count >= 300)
        #expect(one.strikes.count(where: \.kind.isKill) == 9)
        #expect(one.pushes.count == one.jobs.reduce(0) { $0 + 1 + $1.repeats })
    }
}
