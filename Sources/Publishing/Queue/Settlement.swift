/// How a job leaves a worker's hands: what `settle.lua` is told.
package struct Settlement: Sendable, Equatable {
    let verb: String
    var delay: Duration = .zero
    var stage: Claim.Stage = .post
    var polls = 0
    /// Failed attempts so far.
    var attempts = 0
    /// Whether the post no longer counts against its account's daily limit: TikTok has not got it.
    var givesPostBack = false
    /// Keeps every post of the account waiting for this long, or every draft if it is one.
    var holdAccount: Duration = .zero
    /// What the rows of the others then say.
    var holdsFor = WaitingFor.accountPaused
    /// What becomes of the account's slot, if the job owns it.
    var slot = Slot.freed
    /// A code for people; never holds a secret or a caption.
    var reason = ""

    enum Slot: String {
        case freed = "0"
        /// The job stays the first of its account: what it waits for concerns all of them. Without
        /// a slot it asks admission again at once.
        case kept = "1"
        /// The job goes on where it was, with or without a slot.
        case untouched = "2"
    }

    /// Whether the job has ended, and its row says how.
    var isEnd: Bool { verb == "done" || verb == "dead" || stage.isAfterEnd }

    /// Nothing is left to do; the id stays taken.
    static func done(givesPostBack: Bool = false) -> Settlement {
        Settlement(verb: "done", givesPostBack: givesPostBack)
    }

    /// Goes on by itself after `delay`.
    static func park(for delay: Duration, stage: Claim.Stage, attempts: Int) -> Settlement {
        Settlement(verb: "park", delay: delay, stage: stage, attempts: attempts)
    }

    /// Goes on exactly where the claim found it.
    static func park(for delay: Duration, _ claim: Claim) -> Settlement {
        var settlement = park(for: delay, stage: claim.stage, attempts: claim.attempts)
        settlement.polls = claim.polls
        settlement.slot = claim.stage == .post ? .untouched : .freed
        return settlement
    }

    /// Goes on when its account has a slot for it.
    static func line(_ claim: Claim) -> Settlement {
        var settlement = Settlement(verb: "line", attempts: claim.attempts)
        settlement.reason = WaitingFor.accountBusy.rawValue
        return settlement
    }

    /// Will not go on unless a person says so; the document is kept.
    static func dead(reason: String, attempts: Int, givesPostBack: Bool) -> Settlement {
        Settlement(
            verb: "dead",
            attempts: attempts,
            givesPostBack: givesPostBack,
            reason: reason
        )
    }
}
