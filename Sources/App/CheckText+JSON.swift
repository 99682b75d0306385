internal import JSON
internal import Publishing
internal import TikTok

/// The same for programs: one object a document.
extension CheckText {
    var json: JSONValue {
        [
            "document": .integer(Int64(number)), "job_id": .text(id),
            "verdict": .string(report.verdict.rawValue), "until": .time(report.latest),
            "rules": .array(report.brokenRules.map(json)),
            "obstacles": .array(report.obstacles.map(json)),
            "waits": .array(report.prospects.map(json)), "id": taken, "account": account,
            "media": .array(report.media.map(json)), "creator": creator, "limits": limits,
            "chunks": chunks, "request": request,
        ]
    }

    private func json(_ rule: BrokenRule) -> JSONValue {
        ["field": .string(rule.field), "got": .string(rule.got), "rule": .string(rule.rule)]
    }

    private func json(_ obstacle: DryRunReport.Obstacle) -> JSONValue {
        [
            "kind": .string(obstacle.kind.rawValue), "code": .string(obstacle.failure.code),
            "owner": .string(obstacle.failure.owner.rawValue),
            "message": .string(obstacle.failure.message),
            "action": .string(obstacle.failure.action),
        ]
    }

    private func json(_ prospect: Admission.Prospect) -> JSONValue {
        [
            "waiting_for": .text(prospect.waitingFor?.rawValue), "until": .time(prospect.until),
            "message": .string(prospect.words),
        ]
    }

    private var taken: JSONValue {
        guard let id = report.job?.id else { return .null }
        let view = JobView(job: id, place: report.place, unseen: report.unseen, row: report.row)
        return [
            "is_taken": .bool(report.obstacles.contains { $0.failure == .idTaken }),
            "state": .string(view.state), "status": .text(report.row?.status.rawValue),
        ]
    }

    private var account: JSONValue {
        guard let account = report.account else { return .null }
        return [
            "account": .string(account.name), "username": .text(account.username),
            "status": .string(account.status.rawValue),
            "scopes": .array(account.scopes.map(JSONValue.string)),
            "access_expires_at": .time(account.accessExpiresAt),
        ]
    }

    private func json(_ file: MediaReport) -> JSONValue {
        var members: [String: JSONValue] = ["field": .string(file.field), "is_read": true]
        switch file.facts {
        case .video(let video):
            members["type"] = .text(video.kind.words)
            members["bytes"] = .integer(video.bytes)
            members["codec"] = .text(video.codec.map { $0.name ?? $0.id })
            members["seconds"] = .number(video.seconds)
            members["frames_per_second"] = .number(video.frameRate?.mean)
            members.merge(Self.size(video.displayed ?? video.coded)) { $1 }
        case .photo(let photo):
            members["type"] = .text(photo.kind.words)
            members["bytes"] = .integer(photo.bytes)
            members.merge(Self.size(photo.size)) { $1 }
        case .unread, .none: members["is_read"] = false
        }
        return .object(members)
    }

    private static func size(_ size: PictureSize?) -> [String: JSONValue] {
        [
            "width": size.map { .integer(Int64($0.width)) } ?? .null,
            "height": size.map { .integer(Int64($0.height)) } ?? .null,
        ]
    }

    private var creator: JSONValue {
        guard let creator = report.creator else { return .null }
        return [
            "username": .text(creator.username),
            "privacy": .array(creator.privacyLevels.map { .string($0.friendlyName) }),
            "longest_video_seconds": creator.longestVideoSeconds.map(JSONValue.integer) ?? .null,
            "comment_disabled": .bool(creator.isCommentDisabled),
            "duet_disabled": .bool(creator.isDuetDisabled),
            "stitch_disabled": .bool(creator.isStitchDisabled),
        ]
    }

    private var limits: JSONValue {
        guard let account = report.account, let usage = report.usage else { return .null }
        return LimitsText(account: account, usage: usage, slots: slots).json
    }

    private var chunks: JSONValue {
        guard let plan = report.plan else { return .null }
        return [
            "bytes": .integer(plan.size), "count": .integer(plan.count),
            "chunk_bytes": .integer(plan.chunkSize),
            "last_chunk_bytes": .integer(plan.chunk(plan.count - 1).length),
        ]
    }

    private var request: JSONValue {
        guard isFine, let request = report.request else { return .null }
        return [
            "method": .string(PostInit.method), "path": .text(request.endpoint.path),
            "body": request.body,
        ]
    }
}

extension JSONValue {
    fileprivate static func number(_ number: Double?) -> JSONValue {
        number.map { $0.isFinite ? .double($0) : .null } ?? .null
    }
}
