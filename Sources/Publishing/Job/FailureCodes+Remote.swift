internal import TikTok

/// Failures of the addresses that jobs name: one entry a code.
extension Failure {
    /// - Parameter reason: completes "The address …".
    static func mediaURLRefused(_ reason: String) -> Failure {
        Failure(
            "media_url_refused",
            .upstream,
            "The address \(reason).",
            action:
                "Give an https address of a public host, or let the operator list the host, "
                + "then push the job again under a new id."
        )
    }

    static func mediaURLRedirects(_ status: Int) -> Failure {
        Failure(
            "media_url_redirects",
            .upstream,
            "The address redirects (HTTP \(status)), and redirects are not followed.",
            action: "Give the address that it leads to, then push the job again under a new id."
        )
    }

    static func mediaURLAnswers(_ status: Int) -> Failure {
        Failure(
            "media_url_unavailable",
            .upstream,
            "The address answers HTTP \(status).",
            action:
                "Give an address that can be read without signing in and has not expired, "
                + "then push the job again under a new id."
        )
    }

    static let mediaURLWithoutRanges = Failure(
        "media_url_without_ranges",
        .upstream,
        "The server sends the whole file when it is asked for a part of it.",
        action:
            "Put the file on a server that answers range requests, "
            + "then push the job again under a new id."
    )

    static let mediaURLEncoded = Failure(
        "media_url_encoded",
        .upstream,
        "The server compresses the file although it was asked not to.",
        action: "Let the server send media files as they are, then \(again)."
    )

    /// - Parameter reason: completes "The media's host does not answer: …".
    static func mediaHostAway(_ reason: String) -> Failure {
        Failure(
            "media_host_away",
            .upstream,
            "The media's host cannot be read from: \(reason).",
            action: "Nothing yet: it is tried again. Check the host when this stays so."
        )
    }

    static let mediaURLPrefixMissing = Failure(
        "media_url_prefix_unset",
        .operator,
        "TikTok is to fetch what the job names by a path, and MEDIA_URL_PREFIX is not set.",
        action:
            "Set MEDIA_URL_PREFIX to the public address of the media folder "
            + "and restart the worker, then \(again)."
    )

    /// The same failure of one of several files.
    func naming(_ subject: String) -> Failure {
        var named = Failure(
            code,
            owner,
            "\(subject): \(message)",
            action: action,
            logID: logID,
            retryAfter: retryAfter
        )
        named.isServersFault = isServersFault
        return named
    }
}
