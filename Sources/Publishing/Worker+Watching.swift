internal import Redis
internal import Telemetry

/// What goes on beside the claims.
extension Worker {
    /// Blocks on one list, so that a new document is taken at once and an idle worker asks nothing.
    func waitForDocuments(on name: String, over connection: RedisClient) async {
        while !drain.isDraining, !Task.isCancelled {
            guard room > 0, !databaseOutage.isOn else {
                try? await Task.sleep(for: .milliseconds(200))  // cancellation ends the loop above
                continue
            }
            do {
                if try await queue.waitForDocument(on: name, over: connection, atMost: .seconds(5))
                {
                    pokes.poke()
                }
            } catch {
                try? await Task.sleep(for: .milliseconds(Int64.random(in: 300..<1000)))
            }
        }
    }

    /// Every worker looks for jobs of dead workers; the script makes one of them win.
    func recoverRegularly() async {
        while !drain.isDraining, !Task.isCancelled {
            // A dead worker may leave more jobs than one call takes.
            while let count = try? await queue.recover(), count > 0 {
                log.warning("jobs.recovered", ["count": .integer(count)])
                pokes.poke()
                if count < JobQueue.recoveredMax { break }
            }
            try? await Task.sleep(for: .milliseconds(Int64.random(in: 4000..<5000)))
        }
    }
}
