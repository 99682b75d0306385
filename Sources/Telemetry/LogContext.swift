/// What every line written by a task and its children carries besides its own fields.
package struct LogContext: Sendable, Equatable {
    /// The job's id, as upstream wrote it.
    package var job: String?
    /// Stands for the account.
    package var account: AccountTag?
    package var attempt: Int?
    /// W3C trace context.
    package var traceparent: String?

    package init(
        job: String? = nil,
        account: AccountTag? = nil,
        attempt: Int? = nil,
        traceparent: String? = nil
    ) {
        self.job = job
        self.account = account
        self.attempt = attempt
        self.traceparent = traceparent
    }

    @TaskLocal package static var current = LogContext()

    var fields: [(key: String, value: LogValue)] {
        var fields: [(key: String, value: LogValue)] = []
        if let job { fields.append(("job", .string(job))) }
        if let account { fields.append(("account", .string(account.text))) }
        if let attempt { fields.append(("attempt", .integer(attempt))) }
        if let traceparent { fields.append(("traceparent", .string(traceparent))) }
        return fields
    }
}
