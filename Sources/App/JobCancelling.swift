internal import JSON
internal import Publishing

/// Asks for a job to stop, and tells what that means for it.
struct JobCancelling {
    let desk: JobDesk
    let console: Console

    /// How long `--wait` waits.
    private static let patience = Duration.seconds(120)

    func run(_ arguments: Arguments) async throws -> ExitCode {
        let view = try await desk.look()
        if let status = view.row?.status, status.isFinal {
            return tell("ended", Self.ended(status), arguments, status == .cancelled)
        }
        let answer = try await desk.assembly.queue.cancel(desk.job)
        guard answer != .ended else {
            let status = try await desk.row()?.status
            let words = status.map(Self.ended) ?? "nothing of it is left to cancel"
            return tell("ended", words, arguments, status == .cancelled)
        }
        let words = Self.words(answer, view, now: try await desk.assembly.queue.find(desk.job))
        guard arguments.has("--wait") else {
            return tell(answer.rawValue, words, arguments, true)
        }
        if !arguments.has("--json") { console.out("\(desk.job): \(words)".printable) }
        return try await wait(answer, arguments)
    }

    private func tell(
        _ state: String,
        _ words: String,
        _ arguments: Arguments,
        _ isDone: Bool,
        status: Status? = nil
    ) -> ExitCode {
        if arguments.has("--json") {
            console.json([
                "job": .string(desk.job), "was": .string(state), "text": .string(words),
                "status": .text(status?.rawValue),
            ])
        } else if isDone {
            console.out("\(desk.job): \(words)".printable)
        } else {
            console.err("tiktok-publisher jobs: \(desk.job): \(words)")
        }
        return isDone ? .done : .failed
    }

    private func wait(
        _ answer: JobQueue.Cancelling,
        _ arguments: Arguments
    ) async throws -> ExitCode {
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            if let status = try await desk.row()?.status, status.isFinal {
                let words = status == .cancelled ? "cancelled" : Self.ended(status)
                return tell(answer.rawValue, words, arguments, status == .cancelled, status: status)
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        let words = "has not ended within \(TimeSpan.text(Self.patience)); the request stands"
        return tell(answer.rawValue, words, arguments, false, status: try await desk.row()?.status)
    }

    private static func ended(_ status: Status) -> String {
        switch status {
        case .inDoubt:
            "TikTok may have posted it, which cannot be called back from here; look at the "
                + "creator's profile"
        case .published, .delivered:
            "has ended already: \(status.rawValue); delete it in the TikTok app if it must go"
        case .cancelled: "was cancelled"
        case .failed, .rejected, .expired, .waiting, .preparing, .uploading, .processing:
            "has ended already: \(status.rawValue)"
        }
    }

    /// - Parameter now: where it is after it was asked; `view` may be older than the answer.
    private static func words(
        _ answer: JobQueue.Cancelling,
        _ view: JobView,
        now: Whereabouts?
    ) -> String {
        let paused =
            view.queuePause == nil ? "" : "; its queue is paused, so that is when it is resumed"
        switch answer {
        case .unseen:
            let place = view.unseen.map { ", \($0.before) documents come before it" } ?? ""
            return "no worker has read it yet\(place); it ends when one does, within 7 days"
        case .waiting where now?.stage == .watch && view.row?.mediaBytes == nil:
            return
                "its post is at TikTok, which is asked to stop it: it does if it has not fetched "
                + "all of the media"
        case .waiting where now?.stage == .watch:
            return "its post is at TikTok and cannot be called back; it goes on to its end, which "
                + "is looked up now"
        case .waiting:
            return "it was waiting; its next turn, which begins at once, ends it\(paused)"
        case .running:
            return
                "a worker has it; it stops at the next chunk, unless its last bytes are on their "
                + "way: then the post may be out, and goes on to its end"
        case .ended: return "has ended already"
        }
    }
}
