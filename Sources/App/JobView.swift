internal import FoundationEssentials
internal import JSON
internal import Publishing

/// Pure: where one job is, as people and programs read it.
struct JobView {
    let job: String
    var place: Whereabouts?
    var unseen: UnseenJob?
    var row: HistoryRow?
    /// Who has it in hand.
    var worker: String?
    /// Of its queue.
    var queuePause: Pauses.Pause?

    var isKnown: Bool { place != nil || unseen != nil || row != nil }

    /// How far was looked.
    var unfound: String {
        "no worker has read one, and none is among the next \(JobQueue.unseenMax) documents of "
            + "each list of QUEUES"
    }

    /// One word for where it is.
    var state: String {
        guard let place else {
            return unseen != nil ? "unseen" : row?.status.isFinal == true ? "ended" : "unknown"
        }
        return switch place.place {
        case .inHand: "in_hand"
        case .ready: "ready"
        case .timer: "timer"
        case .line: "in_line"
        case .dead: "dead"
        case .ended: "ended"
        }
    }

    var text: String {
        var lines = ["\(job) is \(whereabouts)"]
        if let place, place.place != .ended {
            lines.append(
                "queue \(place.queue ?? "?"), account \(place.account ?? "?"), "
                    + "\(place.attempts) failed attempts, \(place.deliveries) deliveries since "
                    + "a worker last settled it, received \(place.receivedAt?.instant ?? "?")"
            )
        }
        if let queuePause {
            let end = queuePause.left.map { "for \(TimeSpan.text($0)) more" } ?? "until resumed"
            lines.append("its queue is paused \(end): \(queuePause.reason)")
        }
        if place?.isCancelAsked == true { lines.append("somebody asked for it to stop") }
        return lines.map(\.printable).joined(separator: "\n")
    }

    /// What comes after "is".
    private var whereabouts: String {
        if let unseen {
            return "on queue \(unseen.queue), not read by any worker yet; "
                + "\(unseen.before) documents of its list come before it"
        }
        guard let place else {
            return row.map { "not in the queue any more: \($0.status.rawValue)" } ?? "unknown"
        }
        return switch place.place {
        case .inHand(let end):
            "in hand of worker \(worker ?? row?.worker ?? "unknown"), lease until "
                + (end?.instant ?? "now")
        case .ready: "ready: the next worker with room takes it"
        case .timer(let due): "waiting until \(due.instant)\(waitingFor)"
        case .line(let number, let length):
            "in the line of its account, place \(number) of \(length)"
        case .dead(let date):
            "a dead letter since \(date.instant): \(row?.errorCode ?? place.reason ?? "unknown")"
        case .ended: "not in the queue any more\(row.map { ": \($0.status.rawValue)" } ?? "")"
        }
    }

    private var waitingFor: String {
        if place?.stage == .reconcile { return " to ask TikTok again what became of it" }
        if place?.stage == .moderation { return " to ask TikTok for the post's id; it is out" }
        return (row?.waitingFor ?? place?.reason).map { " for \($0)" } ?? ""
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "state": .string(state), "queue": .text(place?.queue ?? unseen?.queue ?? row?.queue),
            "account": .text(place?.account ?? row?.account),
            "worker": .text(state == "in_hand" ? worker ?? row?.worker : nil),
            "attempts": .integer(Int64(place?.attempts ?? 0)),
            "deliveries": .integer(Int64(place?.deliveries ?? 0)),
            "received_at": .time(place?.receivedAt ?? row?.receivedAt),
            "reason": .text(place?.reason), "stage": .text(place?.stage.name),
            "owns_slot": .bool(place?.ownsSlot ?? false),
            "cancel_asked": .bool(place?.isCancelAsked ?? false),
            "queue_paused": .bool(queuePause != nil),
            "before": unseen.map { .integer(Int64($0.before)) } ?? .null,
        ]
        switch place?.place {
        case .inHand(let end): members["lease_until"] = .time(end)
        case .timer(let due): members["until"] = .time(due)
        case .dead(let date): members["dead_since"] = .time(date)
        case .line(let number, let length):
            members["place"] = .integer(Int64(number))
            members["line"] = .integer(Int64(length))
        case .ready, .ended, nil: break
        }
        return .object(members)
    }
}

extension Claim.Stage {
    fileprivate var name: String {
        switch self {
        case .post: "post"
        case .watch: "watch"
        case .reconcile: "reconcile"
        case .moderation: "moderation"
        }
    }
}
