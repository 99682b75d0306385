internal import FoundationEssentials
internal import Redis
internal import Telemetry

/// What a worker knows of the servers it needs.
struct Servers: Sendable {
    var redis = Outage("redis")
    var database = Outage("postgres")
    /// Set by a turn that could not reach PostgreSQL; cleared by an answer.
    var databaseMayBeAway = true
    /// Cleared whenever Redis may have come back with older data.
    var fencesAreRaised = false
    /// The highest fence this worker has seen.
    var seenFence: Int64 = 0
    /// Whether Redis refuses to let a worker sleep on a list.
    var refusesWaits = false
    /// What of Redis's settings was warned of.
    var risks: Set<String> = []
    /// Upstream lists that are none, by queue.
    var broken: [String: String] = [:]
    /// The question whether a claim makes sense, while it is under way.
    var readiness: Task<Bool, Never>?
}

/// Outages: noticed once, looked after until they are over.
extension Worker {
    /// Redis has gone away for a reason, or is back: told at once, where a claim would wait first.
    package func redisChanged(awayBecause reason: String?) {
        // A connection alone does not mean that it is back: it may be loading. A claim finds out.
        if let reason {
            servers.fencesAreRaised = false
            noteRedis(reason)
        }
        pokes.poke()
    }

    /// PostgreSQL has gone away for a reason, or may be back.
    package func databaseChanged(awayBecause reason: String?) {
        servers.databaseMayBeAway = true
        if let reason { note(&servers.database, reason) }
        pokes.poke()
    }

    /// TikTok has gone away, or is back.
    package func tiktokChanged(_ change: TikTokHealth.Change) {
        switch change {
        case .away(let side, let reason):
            log(.began(reason), of: side.rawValue)
        case .back(let side, let after):
            log(.ended(after: after), of: side.rawValue)
        }
        pokes.poke()
    }

    /// Whether claims make sense now; a drain does not wait for the answer of a server that is
    /// away.
    func isReady() async -> Bool {
        guard servers.databaseMayBeAway || servers.database.isOn || !servers.fencesAreRaised else {
            return true
        }
        if let check = servers.readiness { return await check.value && !drain.isDraining }
        let check = Task {
            guard await databaseIsUp(), !Task.isCancelled else { return false }
            return await fencesAreAbove()
        }
        servers.readiness = check
        defer { servers.readiness = nil }
        return await check.value && !drain.isDraining
    }

    private func databaseIsUp() async -> Bool {
        guard servers.databaseMayBeAway || servers.database.isOn else { return true }
        do {
            _ = try await parts.history.highestFence()
            servers.databaseMayBeAway = false
            note(&servers.database, nil)
            return true
        } catch {
            note(&servers.database, "\(error)")
            return false
        }
    }

    /// Makes sure that the next fence is above every recorded one; else new claims would be stale.
    private func fencesAreAbove() async -> Bool {
        guard !servers.fencesAreRaised else { return true }
        do {
            let highest = max(try await parts.history.highestFence(), servers.seenFence)
            servers.seenFence = try await queue.raiseFence(above: highest)
            try await parts.publisher.tasks.bind(options.queues.map(\.name))
            servers.fencesAreRaised = true
            await warnOfRisks()
        } catch let error as RedisError {
            noteRedis(error.description)
        } catch {
            note(&servers.database, "\(error)")
        }
        return servers.fencesAreRaised
    }

    /// Redis may have been started anew, with other settings.
    private func warnOfRisks() async {
        // Asked again with the next connection; a Redis that does not tell is no reason to stop.
        guard let info = try? await queue.redis.send(["INFO"]).text else { return }
        let risks = RedisRisk.find(in: RedisInfo(info))
        defer { servers.risks = Set(risks.map(\.words)) }
        for risk in risks where !servers.risks.contains(risk.words) {
            log.warning(
                "redis.risk",
                ["reason": .string(risk.words), "remedy": .string(risk.remedy)]
            )
        }
    }

    /// Somebody has put something else where upstream's list should be: told once.
    func noteBroken(_ list: String?, of queue: String) {
        if let list, servers.broken[queue] != list {
            log.error(
                "queue.broken",
                [
                    "queue": .string(queue), "list": .string(list),
                    "remedy": "delete or rename this key: jobs are taken from lists only",
                ]
            )
        }
        servers.broken[queue] = list
    }

    func noteRedis(_ reason: String?) {
        note(&servers.redis, reason)
    }

    private func note(_ outage: inout Outage, _ reason: String?) {
        let name = outage.name
        if let change = outage.note(reason) { log(change, of: name) }
    }

    private func log(_ change: Outage.Change, of server: String) {
        switch change {
        case .began(let reason):
            log.warning("server.away", ["server": .string(server), "reason": .string(reason)])
        case .ended(let after):
            log.info("server.back", ["server": .string(server), "after": .duration(after)])
        }
    }
}
