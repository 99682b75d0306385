internal import EventLoop

extension RedisClient {
    /// Makes one attempt: finds the server, connects and logs in.
    func openConnection() async throws(RedisError) -> Connection {
        let deadline = ContinuousClock.now + timeouts.connect
        let opened = try await openConnection(until: deadline)
        if let subscription { try await begin(subscription, on: opened, until: deadline) }
        return opened
    }

    private func openConnection(
        until deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> Connection {
        switch address.place {
        case .socket(let path):
            let opened = try await connect(to: .socket(path), of: nil, until: deadline)
            return try await logIn(opened, mustBeMaster: false, until: deadline)
        case .host(let host):
            let opened = try await connect(to: host, until: deadline)
            return try await logIn(opened, mustBeMaster: false, until: deadline)
        case .sentinels(_, let master):
            let host = try await findMaster(master, until: deadline)
            let opened = try await connect(to: host, until: deadline)
            return try await logIn(opened, mustBeMaster: true, until: deadline)
        }
    }

    /// Tries the addresses of the host in turn.
    func connect(
        to host: RedisAddress.HostPort,
        until deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> Connection {
        var failure = RedisError.notConnected(reason: "\(host): no address")
        for address in try await addresses(of: host.host, until: deadline) {
            do throws(RedisError) {
                let endpoint = Connection.Endpoint.address(address, port: host.port)
                return try await connect(to: endpoint, of: host.host, until: deadline)
            } catch .notConnected(let reason) {
                failure = .notConnected(reason: "\(host): \(reason)")
            }
        }
        throw failure
    }

    private func connect(
        to endpoint: Connection.Endpoint,
        of host: String?,
        until deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> Connection {
        if isClosed { throw .closed }
        let connection = try Connection(to: endpoint, on: loop, limits: limits)
        opening = connection
        defer { opening = nil }
        try await connection.connect(
            until: deadline,
            expectingCertificateOf: address.usesTLS ? host : nil
        )
        return connection
    }

    private func addresses(
        of host: String,
        until deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> [String] {
        if let literal = HostLookup.literal(host) { return literal }
        guard lookupsUnderWay < 4 else {
            throw .notConnected(reason: "\(host): earlier look-ups have not been answered")
        }
        let wait = Wait<HostLookup.Answer>(on: loop)
        interrupt = { wait.end(.failure(.closed)) }
        defer { interrupt = nil }
        lookupsUnderWay += 1
        Task {
            wait.end(await HostLookup.addresses(of: host))
            self.lookupsUnderWay -= 1
        }
        let late = RedisError.notConnected(reason: "\(host): no answer from the name server")
        return try await wait.result(until: deadline, late: .failure(late)).get()
    }

    // MARK: Logging in

    private func logIn(
        _ connection: Connection,
        mustBeMaster: Bool,
        until deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> Connection {
        var commands = credentials.map { [$0] } ?? []
        if address.database != 0 {
            commands.append(["SELECT", .integer(Int64(address.database))])
        }
        let requiredCount = commands.count
        commands.append(["CLIENT", "SETNAME", .text(printableName)])
        if mustBeMaster {
            commands.append(["ROLE"])
        }
        let replies = try await ask(connection, commands, until: deadline)
        do throws(RedisError) {
            try check(required: replies.prefix(requiredCount), all: replies)
            if mustBeMaster { try checkRole(replies.last) }
        } catch {
            connection.close(error)
            throw error
        }
        return connection
    }

    /// The command that logs in, when the address has a password or a user.
    var credentials: [RedisArgument]? {
        switch (address.user, address.password) {
        case (nil, nil): nil
        case (nil, let password?): ["AUTH", .text(password)]
        case (let user?, let password): ["AUTH", .text(user), .text(password ?? "")]
        }
    }

    /// A client's name may not have spaces or anything unprintable.
    private var printableName: String {
        String(decoding: name.utf8.map { 33...126 ~= $0 ? $0 : UInt8(ascii: "-") }, as: UTF8.self)
    }

    /// Throws what the server refused.
    ///
    /// A refused login or database is the operator's to mend, a missing login as well; any other
    /// refusal, such as too many clients, may pass. A name that may not be set is no harm.
    private func check(
        required: ArraySlice<RedisValue>,
        all: [RedisValue]
    ) throws(RedisError) {
        for failure in required.compactMap(\.failure) {
            let error = RedisError.refused(failure)
            throw error.isUnavailable ? .notConnected(reason: failure.description) : error
        }
        for failure in all.compactMap(\.failure) where failure.code != "NOPERM" {
            if failure.code == "NOAUTH" { throw .refused(failure) }
            throw .notConnected(reason: failure.description)
        }
    }

    private func checkRole(_ reply: RedisValue?) throws(RedisError) {
        let role = reply?.array?.first?.text ?? reply?.failure?.description ?? "nothing"
        guard role == "master" else {
            throw .notConnected(reason: "the server named by the sentinel says its role is \(role)")
        }
    }

    /// Asks something of a connection that takes no commands yet; closes it when that fails.
    func ask(
        _ connection: Connection,
        _ commands: [[RedisArgument]],
        until deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> [RedisValue] {
        opening = connection
        defer { opening = nil }
        let exchange = Exchange(commands, on: loop)
        connection.send(exchange)
        let late = RedisError.connectTimedOut
        let result = await exchange.wait.result(until: deadline, late: .failure(late))
        if case .failure(let error) = result {
            connection.close(error)
        }
        return try result.get()
    }
}
