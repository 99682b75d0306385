package import Telemetry
package import TikTok

/// What it takes to get new tokens from TikTok, and to tell people how that goes.
package struct TokenRenewal: Sendable {
    let api: TikTokAPI
    /// `nil`: the app's key or secret is not set.
    let client: ClientCredentials?
    let log: Log
    let tagger: AccountTagger
    let timing: Timing

    /// - Parameters:
    ///   - api: only its OAuth calls are made.
    ///   - client: who the app is; without it tokens are used until they end.
    ///   - tagger: how the log names accounts.
    package init(
        api: TikTokAPI,
        client: ClientCredentials?,
        log: Log,
        tagger: AccountTagger,
        timing: Timing = Timing()
    ) {
        self.api = api
        self.client = client
        self.log = log
        self.tagger = tagger
        self.timing = timing
    }

    /// How long each part of a refresh may take.
    package struct Timing: Sendable {
        /// How long nobody else refreshes the account: longer than two calls and the pause between.
        var lease: Duration
        /// How long a job without a live token waits for a new one; then it waits in the queue.
        var patience: Duration
        /// How long a job whose token still lives waits for the next one; then it goes on with it.
        var courtesy: Duration
        /// Between a call without an answer and its only repetition.
        var repeatPause: Duration
        /// After the first failure; each further one doubles it, up to five minutes.
        var firstPause: Duration

        package init(
            lease: Duration = .seconds(90),
            patience: Duration = .seconds(20),
            courtesy: Duration = .seconds(5),
            repeatPause: Duration = .seconds(1),
            firstPause: Duration = .seconds(10)
        ) {
            self.lease = lease
            self.patience = patience
            self.courtesy = courtesy
            self.repeatPause = repeatPause
            self.firstPause = firstPause
        }

        static let longestPause = Duration.seconds(300)

        /// How long nobody tries after so many failures in a row.
        func pause(afterFailures failures: Int) -> Duration {
            min(firstPause * (1 << min(max(failures - 1, 0), 10)), Self.longestPause)
        }
    }

    // MARK: Telling people

    /// One line in the log about one account.
    func tell(
        _ level: LogLevel,
        _ event: StaticString,
        of account: String,
        _ fields: Log.Fields = [:]
    ) {
        var context = LogContext.current
        context.account = tagger.tag(account)
        LogContext.$current.withValue(context) { log.write(level, event, fields) }
    }

    /// The creator must connect the account again.
    func tellEnd(of account: String, because reason: String) {
        tell(
            .warning,
            "account.reauthorise",
            of: account,
            ["owner": .string(ErrorOwner.creator.rawValue), "reason": .string(reason)]
        )
    }
}
