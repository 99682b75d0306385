import FoundationEssentials
import HTTP
import Postgres
import Testing
import TikTok

@testable import Publishing

/// What follows when a step stops a job.
struct OutcomeTests {
    private static let failure = Failure("code", .tiktok, "what", action: "do")

    private static func refusal(
        _ code: TikTokErrorCode,
        status: Int = 400,
        message: String = "",
        retryAfter: Duration? = nil
    ) -> Stop {
        .tiktok(
            .refused(
                TikTokRefusal(
                    endpoint: .videoInit,
                    code: code,
                    httpStatus: status,
                    message: message,
                    logID: "log-1",
                    retryAfter: retryAfter
                )
            )
        )
    }

    // MARK: TikTok's codes

    @Test(arguments: TikTokErrorCode.Known.allCases, [false, true])
    func `every code ends as its treatment says`(
        _ code: TikTokErrorCode.Known,
        _ isVerdict: Bool
    ) throws {
        let stop: Stop =
            isVerdict ? .verdict(.known(code), logID: "log-1") : Self.refusal(.known(code))
        let entry = ErrorCatalogue.entry(for: .known(code), httpStatus: isVerdict ? nil : 400)

        let outcome = Outcome(stop, verdictBy: nil)

        switch (entry.treatment, outcome) {
        case (.retry, .retry), (.startAgain, .retry), (.permanent, .failed), (.cancelled, .failed),
            (.inDoubt, .inDoubt):
            break
        case (.refreshToken, .waiting(let waiting)), (.reauthorise, .waiting(let waiting)):
            #expect(waiting.reason == .accountPaused && waiting.holdsAccount)
            #expect(waiting.keepsSlot && !waiting.burnsAttempt)
        case (.wait(let limit), .waiting(let waiting)):
            #expect(waiting.reason == WaitingFor(limit) && waiting.delay == limit.shortestWait)
            #expect(waiting.stage == .post && waiting.holdsAccount && waiting.keepsSlot)
            #expect(!waiting.burnsAttempt)
        default:
            Issue.record("\(code): \(entry.treatment) became \(outcome)")
        }
        let failure = try #require(outcome.failure)
        #expect(failure.code == code.rawValue && failure.owner == entry.owner)
        #expect(failure.action == entry.action && failure.logID == "log-1")
    }

    @Test(arguments: [(400, "failed"), (404, "failed"), (500, "retry"), (503, "retry")])
    func `a code nobody knows is judged by its status`(_ status: Int, _ name: String) {
        let outcome = Outcome(
            Self.refusal(.unknown("new_code"), status: status),
            verdictBy: nil
        )

        #expect(outcome.name == name && outcome.failure?.code == "new_code")
    }

    @Test func `TikTok's own words stand behind ours`() {
        let outcome = Outcome(
            Self.refusal(.known(.invalidParam), message: "title is bad"),
            verdictBy: nil
        )

        #expect(outcome.failure?.message.hasSuffix(" TikTok says: title is bad") == true)
    }

    @Test(arguments: [(Duration.seconds(10), 60), (.seconds(90), 90)])
    func `a limit waits as long as TikTok asks, and never less than the limit's own time`(
        _ wish: Duration,
        _ seconds: Int
    ) {
        let stop = Self.refusal(.known(.rateLimitExceeded), status: 429, retryAfter: wish)

        guard case .waiting(let waiting) = Outcome(stop, verdictBy: nil) else {
            Issue.record("does not wait")
            return
        }
        #expect(waiting.reason == .rateLimit && waiting.delay == .seconds(seconds))
    }

    @Test func `limits are named as the history names them`() {
        let names = WaitReason.allCases.map { WaitingFor($0).rawValue }

        #expect(names == ["rate_limit", "daily_limit", "draft_limit", "daily_limit"])
    }

    @Test func `no answer and an unreadable one are tried again`() {
        let lost = TikTokError.transport(.videoInit, .stalled(.sending))
        let garbled = TikTokError.unreadable(
            UnreadableReply(endpoint: .videoInit, httpStatus: 200, reason: "no JSON")
        )

        #expect(Outcome(.tiktok(lost), verdictBy: nil).name == "retry")
        #expect(Outcome(.tiktok(garbled), verdictBy: nil).name == "retry")
    }

    // MARK: Our own stops

    @Test func `an account to be mended keeps its posts waiting, and is held`() {
        guard case .waiting(let waiting) = Outcome(.accountClosed(Self.failure), verdictBy: nil)
        else {
            Issue.record("does not wait")
            return
        }
        #expect(waiting.reason == .accountPaused && waiting.why == Self.failure)
        #expect(waiting.holdsAccount && waiting.keepsSlot && !waiting.burnsAttempt)
    }

    @Test func `a used-up minute waits for just that long, and keeps the account's slot`() {
        guard case .waiting(let waiting) = Outcome(.limited(.seconds(7)), verdictBy: nil) else {
            Issue.record("does not wait")
            return
        }
        #expect(waiting.reason == .rateLimit && waiting.delay == .seconds(7))
        #expect(waiting.keepsSlot && !waiting.holdsAccount && waiting.stage == .post)

        guard case .waiting(let later) = Outcome(.limited(.seconds(7)), verdictBy: .now + 60) else {
            Issue.record("does not wait")
            return
        }
        #expect(later.reason == .tiktok && later.stage == .watch && !later.keepsSlot)
    }

    @Test func `a job that is cancelled in time ends so`() {
        #expect(Outcome(.cancelled, verdictBy: nil).name == "cancelled")
    }

    @Test func `what will not get better fails, what may is retried`() {
        let refused = Outcome(.refused(Self.failure), verdictBy: nil)
        let failed = Outcome(.failed(Self.failure), verdictBy: nil)

        #expect(refused.name == "failed" && refused.failure == Self.failure)
        #expect(failed.name == "retry" && failed.failure == Self.failure)
    }

    @Test func `a post that may be out is asked about, and never fails by itself`() {
        let stops = [
            Stop.refused(Self.failure), .failed(Self.failure),
            Self.refusal(.known(.accessTokenInvalid), status: 401),
            Self.refusal(.known(.invalidParam)),
            .tiktok(.transport(.postStatus, .stalled(.waitingForResponse))),
        ]

        for stop in stops {
            let outcome = Outcome(stop, verdictBy: Date.now + 3600)
            guard case .waiting(let waiting) = outcome else {
                Issue.record("\(stop) ends as \(outcome.name)")
                continue
            }
            #expect(waiting.reason == .tiktok && waiting.stage == .watch && waiting.why != nil)
            #expect(!waiting.holdsAccount && !waiting.keepsSlot && !waiting.burnsAttempt)
            #expect(Outcome(stop, verdictBy: Date.now - 1).name == "in_doubt")
        }
    }

    @Test func `TikTok's verdict ends a post that may be out`() {
        let stop = Stop.verdict(.known(.spamRisk), logID: nil)

        #expect(Outcome(stop, verdictBy: Date.now + 3600).name == "failed")
    }

    @Test func `servers that are away burn no attempt and write no failure`() {
        for stop in [Stop.databaseAway, .queueAway] {
            guard case .handedBack(let delay, false) = Outcome(stop, verdictBy: nil) else {
                Issue.record("\(stop) is not handed back")
                continue
            }
            #expect(delay == .seconds(1))
        }
    }

    @Test func `a drain hands back at once, and a lost job is left alone`() {
        guard case .handedBack(let delay, false) = Outcome(.draining, verdictBy: nil) else {
            Issue.record("a drain does not hand back")
            return
        }
        #expect(delay == .zero)
        #expect(Outcome(.lost, verdictBy: nil).name == "lost")
        #expect(Outcome(.lost, verdictBy: nil).failure == nil)
    }

    @Test func `the history's troubles stop a job in three ways`() {
        let refused = PostgresError.server(
            sqlState: "23514",
            message: "violates check",
            detail: nil,
            constraint: nil
        )

        #expect(Outcome(Stop(HistoryError.stale), verdictBy: nil).name == "lost")
        #expect(
            Outcome(Stop(HistoryError.away(.connectTimedOut)), verdictBy: nil).name
                == "handed_back"
        )
        let outcome = Outcome(Stop(HistoryError.refused(refused)), verdictBy: nil)
        #expect(outcome.name == "retry" && outcome.failure?.code == "history_refused")
    }
}
