package import FoundationEssentials
package import Redis
package import TikTok

/// What one account has used of its limits.
extension Admission {
    package struct Usage: Sendable {
        /// Jobs that may transfer now.
        package let running: Int
        /// Jobs in the account's lines.
        package let inLine: Int
        /// In a rolling 24 hours.
        package let posts: Count
        /// In a rolling 24 hours.
        package let drafts: Count
        /// Accounts that posted in a rolling 24 hours, of the whole app.
        package let activeAccounts: Count
        /// In a sliding minute.
        package let calls: [(endpoint: Endpoint, count: Count)]
        /// What TikTok's answers keep the account's posts waiting for.
        package let postHold: Hold?
        /// What they keep its drafts waiting for.
        package let draftHold: Hold?
        /// What a person keeps it waiting for.
        package let pause: Pause?
    }

    package struct Count: Sendable, Equatable {
        package let used: Int
        /// `nil`: no limit of ours.
        package let cap: Int?
        /// When one more is allowed, as far as this limit goes.
        package let next: Next

        package enum Next: Sendable, Equatable {
            case now
            case at(Date)
            /// The limit is zero.
            case never
        }
    }

    package struct Hold: Sendable, Equatable {
        package let until: Date
        package let waitingFor: WaitingFor
        /// A code of the error catalogue.
        package let reason: String
    }

    package struct Pause: Sendable, Equatable {
        package let reason: String
        /// `nil`: until somebody resumes.
        package let until: Date?
    }

    /// Asks for all of it in one step; changes nothing.
    ///
    /// - Parameter dailyPosts: the account's own limit, when it has one.
    package func usage(
        of account: String,
        dailyPosts: Int?
    ) async throws(RedisError) -> Usage {
        let endpoints = CallsPerMinute.endpoints
        let answer = try await queue.run(
            queue.scripts.limits,
            [.text(account), .integer(Self.window.milliseconds)]
                + endpoints.map { .text($0.rawValue) }
        )
        let parts = answer.array ?? []
        guard parts.count == 9 + endpoints.count else {
            throw .unexpectedAnswer(of: queue.scripts.limits)
        }
        // What the scripts count as a minute.
        let minute = Duration.milliseconds(parts[8].integer ?? 0)
        let calls = zip(endpoints, parts.dropFirst(9)).map { endpoint, part in
            (
                endpoint: endpoint,
                count: Count(part, cap: limits.perMinute[endpoint], window: minute)
            )
        }
        return Usage(
            running: Int(parts[1].integer ?? 0),
            inLine: Int(parts[2].integer ?? 0),
            posts: Count(
                parts[3],
                cap: dailyPosts ?? limits.dailyPosts.unlessZero,
                window: Self.window
            ),
            drafts: Count(parts[4], cap: limits.dailyDrafts.unlessZero, window: Self.window),
            activeAccounts: Count(
                parts[5],
                cap: limits.activeAccounts.unlessZero,
                window: Self.window,
                isIn: parts[5].array?.last?.text == "1"
            ),
            calls: calls,
            postHold: Hold(parts[6].array?.first),
            draftHold: Hold(parts[6].array?.last),
            pause: Pause(parts[7])
        )
    }
}

extension Int {
    /// In our settings zero means no limit.
    fileprivate var unlessZero: Int? { self == 0 ? nil : self }
}

extension Admission.Count {
    /// - Parameters:
    ///   - part: how many, and when the oldest was counted (ms).
    ///   - isIn: whether this account counts already, so that the limit does not stop it.
    fileprivate init(_ part: RedisValue, cap: Int?, window: Duration, isIn: Bool = false) {
        let numbers = part.array ?? []
        used = Int(numbers.first?.integer ?? 0)
        self.cap = cap
        let oldest = numbers.dropFirst().first?.integer ?? 0
        next =
            if isIn || used < cap ?? .max {
                .now
            } else if oldest == 0 {
                .never
            } else {
                .at(Date(timeIntervalSince1970: Double(oldest) / 1000 + window.seconds))
            }
    }
}

extension Admission.Hold {
    /// Reads "until waiting_for why"; empty: there is none.
    fileprivate init?(_ part: RedisValue?) {
        let words = (part?.text ?? "").split(separator: " ", maxSplits: 2)
        guard words.count == 3, let until = Double(words[0]) else { return nil }
        self.until = Date(timeIntervalSince1970: until / 1000)
        waitingFor = WaitingFor(rawValue: String(words[1])) ?? .accountPaused
        reason = String(words[2])
    }
}

extension Admission.Pause {
    /// Reads why and until when (ms; 0: no end); an empty reason: there is none.
    fileprivate init?(_ part: RedisValue) {
        guard let parts = part.array, parts.count == 2, let reason = parts[0].text,
            !reason.isEmpty
        else { return nil }
        self.reason = reason
        let end = parts[1].integer ?? 0
        until = end == 0 ? nil : Date(timeIntervalSince1970: Double(end) / 1000)
    }
}
