internal import FoundationEssentials
internal import JSON
internal import TikTok

/// Pure: the documents that Celery's Redis backend keeps for a task.
enum ResultDocument {
    /// - Parameters:
    ///   - state: in Celery's words.
    ///   - children: what was sent because of it.
    static func make(
        of task: CeleryMessage,
        state: String,
        result: JSONValue,
        children: [JSONValue] = [],
        doneAt: Date? = nil
    ) -> JSONValue {
        var members: [String: JSONValue] = [
            "status": .string(state), "result": result, "traceback": .null,
            "children": .array(children), "date_done": .text(doneAt.map(PythonText.of)),
            "task_id": .string(task.id),
        ]
        members["group_id"] = task.groupID.map { .string($0) }
        members["parent_id"] = task.parentID.map { .string($0) }
        return .object(members)
    }
}

extension TaskMoment {
    /// What is kept of a moment in between; `nil`: nothing.
    func document(of task: CeleryMessage, worker: String, process: Int64) -> JSONValue? {
        switch self {
        case .received, .released, .ended: nil
        case .started:
            ResultDocument.make(
                of: task,
                state: "STARTED",
                result: ["pid": .integer(process), "hostname": .string(worker)]
            )
        case .progressed(let meta, begun: true):
            ResultDocument.make(of: task, state: "PROGRESS", result: meta)
        case .progressed(let meta, begun: false):
            // Celery 5.7 revokes by itself only what is in a state of its own and not begun.
            ResultDocument.make(of: task, state: "RECEIVED", result: meta)
        case .retried(let exception):
            ResultDocument.make(of: task, state: "RETRY", result: exception.json)
        }
    }
}

extension TaskEnd {
    var state: String {
        switch self {
        case .succeeded: "SUCCESS"
        case .failed: "FAILURE"
        case .revoked: "REVOKED"
        }
    }

    var result: JSONValue {
        switch self {
        case .succeeded(let value, _): value
        case .failed(let exception): exception.json
        case .revoked(let why): CeleryException.revoked(why).json
        }
    }

    /// What the rest of the workflow fails of; `nil`: nothing failed.
    var exception: CeleryException? {
        switch self {
        case .succeeded: nil
        case .failed(let exception): exception
        case .revoked(let why): .revoked(why)
        }
    }
}

extension CeleryException {
    fileprivate static func revoked(_ why: TaskEnd.Revocation) -> CeleryException {
        CeleryException(
            module: "celery.exceptions",
            type: "TaskRevokedError",
            arguments: [.string(why.word)]
        )
    }

    /// A failure as the client raises it: its code, what happened, who can mend it, and how.
    ///
    /// The module need not exist: the client then makes a class of that name. Where upstream has
    /// one, `tiktok_publisher.PublishFailed` can be caught by name.
    init(code: String, message: String, owner: String, action: String) {
        self.init(
            module: Self.ownModule,
            type: "PublishFailed",
            arguments: [.string(code), .string(message), .string(owner), .string(action)]
        )
    }

    private static let ownModule = "tiktok_publisher"

    init(_ failure: Failure) {
        self.init(
            code: failure.code,
            message: failure.message,
            owner: failure.owner.rawValue,
            action: failure.action
        )
    }

    /// A failed row; a post in doubt has a type of its own, for it must not be repeated.
    init(_ row: HistoryRow) {
        let failed = CeleryException(
            code: row.errorCode ?? row.status.rawValue,
            message: row.errorMessage ?? "The post ended as \(row.status.rawValue).",
            owner: row.errorOwner ?? "",
            action: row.errorAction ?? ""
        )
        self.init(
            module: failed.module,
            type: row.status == .inDoubt ? "PublishInDoubt" : failed.type,
            arguments: failed.arguments
        )
    }
}

extension TaskEnd {
    /// How a row ended; `nil`: it has not.
    init?(_ row: HistoryRow) {
        switch row.status {
        case .waiting, .preparing, .uploading, .processing: return nil
        case .published, .delivered:
            let runtime = (row.finishedAt ?? row.updatedAt)
                .timeIntervalSince(row.startedAt ?? row.receivedAt)
            self = .succeeded(row.publicFields, runtime: .seconds(max(0, runtime)))
        case .failed, .inDoubt, .rejected: self = .failed(CeleryException(row))
        case .cancelled: self = .revoked(.revoked)
        case .expired: self = .revoked(.expired)
        }
    }
}

extension HistoryRow {
    /// What a caller learns of a post: nothing that its caption or its owner would mind.
    fileprivate var publicFields: JSONValue {
        [
            "job_id": .string(job), "account": .string(account),
            "status": .string(status.rawValue), "publish_id": .text(publishID),
            "post_ids": .array(postIDs.map(JSONValue.string)), "share_url": .text(shareURL),
            "attempt": .integer(Int64(attempt)),
            "media_bytes": mediaBytes.map(JSONValue.integer) ?? .null,
            "media_sha256": .text(mediaSHA256), "received_at": .time(receivedAt),
            "finished_at": .time(finishedAt),
        ]
    }
}
