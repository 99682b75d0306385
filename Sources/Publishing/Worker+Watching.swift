internal import Redis
internal import Telemetry

/// What goes on beside the claims.
extension Worker {
    /// How long one sleep on a list lasts.
    private static let sleep = Duration.seconds(10)

    /// Sleeps on one list while the worker has nothing to do, so that an arrival is taken at once
    /// and an idle worker asks nothing.
    func wait(at place: JobQueue.Place, over connection: RedisClient) async {
        guard let door = doors[place] else { return }
        while !drain.isDraining, !Task.isCancelled {
            guard door.isOpen, room(for: place.queue) > 0, !servers.database.isOn else {
                await door.wait(atMost: Self.sleep)
                continue
            }
            do {
                let came = try await queue.wait(at: place, over: connection, atMost: Self.sleep)
                servers.refusesWaits = false
                guard came else { continue }
                door.close()
                if room(for: place.queue) > 0 {
                    pokes.poke()
                } else {
                    try await queue.putBack(place, over: connection)
                }
            } catch {
                // Full or away: the claims look for themselves until it is over.
                servers.refusesWaits = true
                try? await Task.sleep(for: .milliseconds(Int64.random(in: 500..<1500)))
            }
        }
    }

    /// Every worker looks for jobs of dead workers; the script makes one of them win.
    func recoverRegularly() async {
        let queues = options.queues.map(\.name)
        while !drain.isDraining, !Task.isCancelled {
            // A dead worker may leave more jobs than one call takes.
            while let found = try? await queue.recover(lookingAfter: queues) {
                // Another worker may have set a timer that is due before the ones we know.
                let known = nextTimer
                if let timer = found.nextTimer { expectTimer(in: timer) }
                if found.count > 0 {
                    log.warning("jobs.recovered", ["count": .integer(found.count)])
                }
                if found.count > 0 || nextTimer < known { pokes.poke() }
                if found.count < JobQueue.recoveredMax { break }
            }
            await lookAfterDatabase()
            try? await Task.sleep(for: .milliseconds(Int64.random(in: 4000..<5000)))
        }
    }

    /// Jobs in hand may meet an outage that no claim would notice, for there is no room for one.
    private func lookAfterDatabase() async {
        guard parts.history.alarm.take() || servers.database.isOn else { return }
        servers.databaseMayBeAway = true
        if await isReady() { pokes.poke() }
    }
}
