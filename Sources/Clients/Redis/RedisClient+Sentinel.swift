internal import EventLoop

extension RedisClient {
    /// Asks the sentinels in turn who the master is; the one that answers is asked first next time.
    ///
    /// After a failover the answer may be the old master for some seconds, so the caller checks the
    /// role of the server and asks again.
    func findMaster(
        _ master: String,
        until deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RedisAddress.HostPort {
        var failures: [String] = []
        for (index, sentinel) in sentinels.enumerated() {
            let limit = min(deadline, .now + .seconds(1))
            do throws(RedisError) {
                let found = try await ask(sentinel, for: master, until: limit)
                sentinels.remove(at: index)
                sentinels.insert(sentinel, at: 0)
                return found
            } catch {
                if isClosed { throw .closed }
                failures.append("\(sentinel): \(error)")
            }
        }
        let list = failures.joined(separator: "; ")
        throw .notConnected(reason: "no sentinel knows the master \(master) (\(list))")
    }

    private func ask(
        _ sentinel: RedisAddress.HostPort,
        for master: String,
        until deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RedisAddress.HostPort {
        let connection = try await connect(to: sentinel, until: deadline)
        defer { connection.close(.closed) }
        let question: [RedisArgument] = ["SENTINEL", "get-master-addr-by-name", .text(master)]
        var reply = try await ask(connection, [question], until: deadline)[0]
        // Sentinels have passwords of their own, most often none: ours is shown only when asked.
        if reply.failure?.code == "NOAUTH", let credentials {
            reply = try await ask(connection, [credentials, question], until: deadline)[1]
        }
        if let failure = reply.failure { throw .refused(failure) }
        guard let pair = reply.array, pair.count == 2, let host = pair[0].text,
            let port = pair[1].integer.flatMap(UInt16.init(exactly:))
        else { throw .notConnected(reason: "this sentinel does not know it") }
        return RedisAddress.HostPort(host: host, port: port)
    }
}
