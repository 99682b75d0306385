internal import TikTok

/// Failures found here, before or beside TikTok: one entry a code.
extension Failure {
    /// The two ways on once what a failed job met with is mended: the second reads the same
    /// document again.
    static let again =
        "push the job again under a new id or bring it back with "
        + "`tiktok-publisher dead retry JOB`"

    static func documentBroken(_ broken: BrokenDocument) -> Failure {
        Failure(
            "document_invalid",
            .upstream,
            "The job document breaks a rule. \(broken)",
            action: "Mend the named fields and push the job again under a new id."
        )
    }

    static let accountUnknown = Failure(
        "account_unknown",
        .upstream,
        "No such account is connected.",
        action:
            "Connect the account with `tiktok-publisher accounts add`, then \(again)."
    )

    static func accountClosed(status: String, reason: String?) -> Failure {
        Failure(
            "account_\(status)",
            .creator,
            "The account's connection is \(status)\(reason.map { ": \($0)" } ?? ".")",
            action: status == "revoked"
                ? "Connect the account to TikTok again, then \(again)."
                : "Connect the account to TikTok again; its jobs wait for that."
        )
    }

    static let tokenMissing = Failure(
        "token_missing",
        .operator,
        "The account has no access token.",
        action: "Add the account's tokens with `tiktok-publisher accounts add`."
    )

    static let tokenUnreadable = Failure(
        "token_unreadable",
        .operator,
        "The account's token cannot be decrypted with any key of CRYPTOGRAPHY_KEY.",
        action: "Add the key that encrypted it to CRYPTOGRAPHY_KEY, or connect the account again."
    )

    /// - Returns: `nil` for a permission that nothing here needs.
    static func scopeMissing(_ scope: String) -> Failure? {
        Scopes.loss(without: scope).map { loss in
            Failure(
                "scope_missing",
                .creator,
                "The permission \(scope) is missing: \(loss).",
                action: "Connect the account again and leave every requested permission ticked."
            )
        }
    }

    static func privacyNotOffered(_ offered: [PrivacyLevel]) -> Failure {
        let words = offered.map(\.friendlyName).joined(separator: ", ")
        return Failure(
            "privacy_not_offered",
            .upstream,
            "The account does not offer that audience now; it offers: \(words).",
            action: "Let the creator choose one of these, then push the job again under a new id."
        )
    }

    static let uploadAddressExpired = Failure(
        "upload_address_expired",
        .tiktok,
        "TikTok no longer takes bytes at the upload's address.",
        action: "Nothing; the upload starts again."
    )

    static func chunkRefused(_ status: Int) -> Failure {
        Failure(
            "chunk_refused",
            .operator,
            "TikTok refused a chunk with HTTP \(status).",
            action: "Report this with the job's events: it is a fault of this program."
        )
    }

    static func uploadStuck(_ reason: String) -> Failure {
        Failure(
            "upload_interrupted",
            .tiktok,
            "The upload broke off: \(reason).",
            action: "Nothing; it goes on by itself."
        )
    }

    static let workerKiller = Failure(
        "worker_killed",
        .operator,
        "Every worker that took this job ended before it could say why.",
        action:
            "Look at the workers' last log lines and their memory limit, then \(again)."
    )

    static let verdictMissing = Failure(
        "status_deadline",
        .tiktok,
        "TikTok took the post and never said what became of it.",
        action:
            "Look at the creator's profile; only if the post is not there, push the job again "
            + "under a new id or bring it back with `tiktok-publisher dead retry JOB --in-doubt`."
    )

    /// An init that posts by itself was begun, and whoever sent it died before it noted the answer.
    static let initUnanswered = Failure(
        "init_unanswered",
        .creator,
        "TikTok may have been asked to post it, and its answer was lost.",
        action: verdictMissing.action
    )

    /// The same where the trouble was seen.
    static func initUnanswered(_ trouble: Failure) -> Failure {
        Failure(
            initUnanswered.code,
            initUnanswered.owner,
            "TikTok was asked to post it, and gave no answer that says whether it will: "
                + "\(trouble.code). \(trouble.message)",
            action: initUnanswered.action,
            logID: trouble.logID
        )
    }

    static func historyRefused(_ reason: String) -> Failure {
        Failure(
            "history_refused",
            .operator,
            "PostgreSQL refused to record the job: \(reason).",
            action:
                "Check the schema with `tiktok-publisher migrate --status` and the server's log."
        )
    }
}
