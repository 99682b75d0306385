internal import Processes
internal import Publishing

/// What signals mean to a worker.
enum StopSignals {
    /// Obeys signals until cancelled: the first TERM or INT drains, the second hands back at once.
    static func obey(_ worker: Worker) async {
        var isDraining = false
        for await signal in Signals.listen(to: [.terminate, .interrupt, .user1, .user2]) {
            switch signal {
            case .terminate, .interrupt:
                if isDraining { await worker.handBackAtOnce() } else { await worker.stop() }
                isDraining = true
            case .user1: await worker.pause()
            case .user2: await worker.logState()
            case .hangUp, .quit, .kill, .pause, .resume: break
            }
        }
    }
}
