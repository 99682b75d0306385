internal import CPostgres
internal import EventLoop

/// What a connection is opened with.
struct ConnectionSettings: Sendable {
    let options: [String: String]
    /// Statements that put the session into the state we rely on.
    let session: String

    init(
        _ address: PostgresAddress,
        applicationName: String,
        schema: String?,
        timeouts: PostgresTimeouts
    ) {
        // A dead peer is noticed within a minute. The URL may say otherwise.
        var options = [
            "keepalives_idle": "20", "keepalives_interval": "10", "keepalives_count": "3",
            "tcp_user_timeout": "30000", "gssencmode": "disable",
        ]
        options.merge(address.options) { _, given in given }
        for (name, value) in Self.surroundings() where options[name] == nil {
            options[name] = value
        }
        options["application_name"] = applicationName
        options["client_encoding"] = "UTF8"
        self.options = options
        session = Self.session(schema: schema, timeouts: timeouts)
    }

    /// `SET` overrides what `ALTER ROLE` and `ALTER DATABASE` may have set.
    ///
    /// The check for a vanished client ends statements whose process has died, with their locks.
    /// Servers before 14, and those not on Linux, lack it and go without.
    private static func session(schema: String?, timeouts: PostgresTimeouts) -> String {
        let (seconds, attoseconds) = timeouts.idleInTransaction.components
        let idle = max(1, min(seconds, 86_400) * 1000 + attoseconds / 1_000_000_000_000_000)
        return """
            SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO, YMD'; SET bytea_output TO 'hex';
            SET standard_conforming_strings TO on; SET extra_float_digits TO 1;
            SET idle_in_transaction_session_timeout TO \(idle);
            DO $$ BEGIN PERFORM set_config('client_connection_check_interval', '2s', false);
            EXCEPTION WHEN OTHERS THEN NULL; END $$;
            """ + (schema.map { "SET search_path TO \(QuotedIdentifier.quote($0));" } ?? "")
    }

    /// The host that the environment or the service file names, so that it can be looked up
    /// off the loop.
    private static func surroundings() -> [String: String] {
        guard let list = PQconndefaults() else { return [:] }
        defer { PQconninfoFree(list) }
        var found: [String: String] = [:]
        var option = list
        while let keyword = option.pointee.keyword {
            let name = String(cString: keyword)
            if let value = option.pointee.val, ["host", "hostaddr", "port"].contains(name) {
                found[name] = String(cString: value)
            }
            option += 1
        }
        return found
    }
}

/// Addresses that a lookup found, or why it found none.
typealias LookupResult = Result<[String: String], PostgresError>

extension PostgresConnection {
    /// A step of opening that is awaited.
    enum Opening {
        case lookup(Wait<LookupResult>, LoopTimer)
        case login(Wait<Result<Void, PostgresError>>, LoopTimer)
    }

    /// Looks up the host, connects, logs in and sets up the session, all within one deadline.
    ///
    /// A connection that could not be opened has ended.
    func open(_ settings: ConnectionSettings) async throws(PostgresError) {
        let deadline = ContinuousClock.now + timeouts.connect
        do {
            let options = try await lookUp(settings.options, by: deadline)
            try await logIn(options, by: deadline)
            _ = try await run(
                .script(settings.session),
                loan: loan,
                timeout: ContinuousClock.now.duration(to: deadline),
                isShielded: true
            )
        } catch {
            let reason = if case .timedOut = error { PostgresError.connectTimedOut } else { error }
            end(because: reason)
            throw reason
        }
    }

    private func lookUp(
        _ options: [String: String],
        by deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> [String: String] {
        guard HostLookup.isNeeded(options) else { return options }
        let isStarted = BlockingThread.start { [weak self] in
            let result = LookupResult { () throws(PostgresError) in
                try HostLookup.addAddresses(options)
            }
            Task { await self?.finishLookup(result) }
        }
        guard isStarted else { throw .notConnected(reason: "too many host lookups hang") }
        let found = Wait<LookupResult>(on: loop)
        opening = .lookup(found, scheduleDeadline(deadline))
        return try await found.result().get()
    }

    private func finishLookup(_ result: LookupResult) {
        guard case .lookup(let found, let timer) = opening else { return }
        opening = nil
        loop.cancel(timer)
        found.end(result)
    }

    private func logIn(
        _ options: [String: String],
        by deadline: ContinuousClock.Instant
    ) async throws(PostgresError) {
        let login = Wait<Result<Void, PostgresError>>(on: loop)
        opening = .login(login, scheduleDeadline(deadline))
        startLogin(options)
        try await login.result().get()
    }

    private func scheduleDeadline(_ deadline: ContinuousClock.Instant) -> LoopTimer {
        loop.schedule(after: ContinuousClock.now.duration(to: deadline)) { [weak self] in
            self?.assumeIsolated { $0.end(because: .connectTimedOut) }
        }
    }

    private func startLogin(_ options: [String: String]) {
        let names = options.keys.sorted()
        let handle = CStringList.with(names) { keywords in
            CStringList.with(names.map { options[$0] ?? "" }) { values in
                PQconnectStartParams(keywords, values, 0)
            }
        }
        guard let handle else {
            return finishOpening(.failure(.notConnected(reason: "out of memory")))
        }
        self.handle = handle
        // Verbose errors carry the SQLSTATE; notices would go to standard error.
        PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        guard PQstatus(handle) != CONNECTION_BAD else { return finishOpening(.failure(refusal)) }
        watch(for: .writable) { connection, _ in connection.poll() }
    }

    /// libpq may close its socket and open another, for example for the next address, so the old
    /// one is forgotten first.
    private func poll() {
        guard let handle else { return }
        unwatch()
        switch PQconnectPoll(handle) {
        case PGRES_POLLING_READING: watch(for: .readable) { connection, _ in connection.poll() }
        case PGRES_POLLING_WRITING: watch(for: .writable) { connection, _ in connection.poll() }
        case PGRES_POLLING_OK:
            PQsetnonblocking(handle, 1)
            finishOpening(.success(()))
        default: finishOpening(.failure(refusal))
        }
    }

    private var refusal: PostgresError {
        let text = handle.flatMap { PQerrorMessage($0) }.map { String(cString: $0) } ?? ""
        return ErrorText.connectFailure(text)
    }

    /// Ends the step that is awaited, if there is one.
    func finishOpening(_ result: Result<Void, PostgresError>) {
        switch opening {
        case .lookup:
            if case .failure(let error) = result { finishLookup(.failure(error)) }
        case .login(let login, let timer):
            opening = nil
            loop.cancel(timer)
            login.end(result)
        case nil: break
        }
    }
}

/// A C array of C strings that ends with a null pointer.
private enum CStringList {
    static func with<Value>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value
    ) -> Value {
        let bytes = strings.map { $0.utf8CString }
        let storage = bytes.flatMap { $0 }
        return storage.withUnsafeBufferPointer { storage in
            var pointers: [UnsafePointer<CChar>?] = []
            var start = 0
            for string in bytes {
                pointers.append(storage.baseAddress?.advanced(by: start))
                start += string.count
            }
            pointers.append(nil)
            return pointers.withUnsafeBufferPointer { list in
                guard let base = list.baseAddress else {
                    preconditionFailure("the list has at least its ending null")
                }
                return body(base)
            }
        }
    }
}
