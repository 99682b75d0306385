package import TikTok

extension Admission {
    /// What one account may do, and how many accounts may post.
    package struct Limits: Sendable {
        /// Jobs of one account that transfer at once.
        package let concurrency: Int
        /// Posts in a rolling 24 hours; 0: no limit of ours.
        ///
        /// TikTok's own cap is "typically around 15" and shared by all apps (Content Sharing
        /// Guidelines, read 2026-09-11).
        package let dailyPosts: Int
        /// Drafts in a rolling 24 hours; TikTok allows 5 pending (Upload API page, read
        /// 2026-11-22).
        package let dailyDrafts: Int
        /// Accounts that may post directly in a rolling 24 hours; 0: no limit of ours.
        ///
        /// TikTok sets one for each app, 5 for an app it has not audited; drafts do not count
        /// (Content Sharing Guidelines, read 2026-09-11).
        package let activeAccounts: Int
        /// Calls of one account in a sliding minute.
        package let perMinute: CallsPerMinute

        package init(
            concurrency: Int,
            dailyPosts: Int,
            dailyDrafts: Int,
            activeAccounts: Int,
            perMinute: CallsPerMinute
        ) {
            self.concurrency = concurrency
            self.dailyPosts = dailyPosts
            self.dailyDrafts = dailyDrafts
            self.activeAccounts = activeAccounts
            self.perMinute = perMinute
        }

        func calls(of endpoint: Endpoint) -> Int {
            perMinute[endpoint] ?? Self.noLimit
        }

        /// More than anybody calls in a minute.
        private static let noLimit = 100_000
    }

    /// Calls of one account in a sliding minute, for each endpoint that TikTok limits.
    package struct CallsPerMinute: Sendable {
        package let creatorInfo: Int
        /// Of each kind of init apart, as TikTok counts them.
        package let inits: Int
        package let status: Int

        package init(creatorInfo: Int, inits: Int, status: Int) {
            self.creatorInfo = creatorInfo
            self.inits = inits
            self.status = status
        }

        /// Those with a limit of ours.
        package static let endpoints: [Endpoint] = [
            .creatorInfo, .videoInit, .inboxVideoInit, .photoInit, .postStatus,
        ]

        /// `nil`: TikTok documents no limit that a publisher comes near.
        package subscript(endpoint: Endpoint) -> Int? {
            switch endpoint {
            case .creatorInfo: creatorInfo
            case .videoInit, .inboxVideoInit, .photoInit: inits
            case .postStatus: status
            case .chunk, .cancelPost, .videoList, .userInfo, .tokenExchange, .tokenRefresh,
                .tokenRevoke:
                nil
            }
        }
    }
}
