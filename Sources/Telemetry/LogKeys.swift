/// The fields whose text may be read in a log; the text of every other field is withheld.
///
/// A new field that carries text is entered here, after a look at what it can hold. Never:
/// captions, file names, addresses with queries, open ids, user names, account ids, tokens.
/// Numbers, truth values and durations are written whatever the field is called.
package enum LogKeys {
    package static let readable: Set<String> = [
        // Where: the job, the step, the program.
        "job", "account", "queue", "list", "mode", "kind", "step", "status", "stage", "from", "to",
        "worker", "owner", "source", "name", "command", "version", "host", "process", "signal",
        "script", "migration", "table", "schema", "setting", "format", "level", "server", "role",
        // What happened.
        "reason", "code", "error", "message", "action", "treatment", "result", "outcome",
        "decision", "waiting_for", "limit", "endpoint", "method", "route", "sql_state",
        "constraint", "state", "remedy", "detail", "phase", "event", "task",
        // When.
        "until", "at", "next_attempt_at", "publish_at", "expires_at", "since",
        // TikTok's and tracing's names for things.
        "publish_id", "post_id", "post_ids", "log_id", "traceparent", "trace_id", "span_id",
        "tiktok_event", "content_type", "sha256", "scope", "scopes", "privacy", "transfer",
    ]
}
