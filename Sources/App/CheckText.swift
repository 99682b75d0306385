internal import FoundationEssentials
internal import JSON
internal import Publishing
internal import TikTok

/// Pure: what would become of one document, as people read it; `CheckText+JSON.swift` is for
/// programs.
struct CheckText {
    let report: DryRunReport
    /// Of the document in its input, from 1.
    let number: Int
    /// Jobs of one account that transfer at once.
    let slots: Int

    var isFine: Bool { [.posted, .postedLater].contains(report.verdict) }

    /// The id, where it can be read.
    var id: String? { report.job?.id ?? report.brokenID }

    var text: String {
        let lines =
            ["\(id ?? "document \(number)"): \(verdict)"] + document + account + media + creator
            + limits + call + against
        return lines.map(\.printable).joined(separator: "\n")
    }

    private var verdict: String {
        switch report.verdict {
        case .posted: "would be posted now"
        case .postedLater:
            report.latest.map { "would be posted once it is \($0.instant)" }
                ?? "would be posted after a wait that nobody knows the end of"
        case .refused: "would be refused"
        case .blocked: "would wait until somebody mends what is named"
        case .retried: "would be tried again: what is named may pass"
        }
    }

    private func line(_ head: String, _ words: String) -> String {
        "  \(head.padded(to: 10))\(words)"
    }

    private func list(_ words: [String?]) -> String {
        words.compactMap(\.self).joined(separator: ", ")
    }

    // MARK: What was found

    private var document: [String] {
        guard let job = report.job else { return [] }
        let transfer = job.content.kind == .photo ? nil : job.isPulled ? "pull" : "upload"
        return [
            line(
                "document",
                list([
                    job.content.kind.rawValue, transfer, job.mode.rawValue,
                    job.privacy?.friendlyName, job.task.map { "Celery task \($0.task)" },
                    job.publishAt.map { "from \($0.instant)" },
                    job.expiresAt.map { "until \($0.instant)" },
                ])
            )
        ]
    }

    private var account: [String] {
        guard let account = report.account else { return [] }
        let scopes = account.scopes.isEmpty ? "scopes unknown" : nil
        let end = account.accessExpiresAt.map { "token until \($0.instant)" }
        return [
            line(
                "account",
                list([
                    account.name, account.username.map { "@\($0)" }, account.status.rawValue,
                    scopes, end,
                ])
            )
        ]
    }

    private var media: [String] {
        report.media.compactMap { file in
            words(of: file.facts).map { line(file.field, $0) }
        }
    }

    private func words(of facts: MediaReport.Facts) -> String? {
        switch facts {
        case .video(let video):
            list([
                video.kind.words, video.codec.map { $0.name ?? $0.id },
                (video.displayed ?? video.coded).map { "\($0.width) × \($0.height)" },
                video.frameRate.map { "\(Self.rounded($0.mean)) frames a second" },
                video.seconds.map { "\(Self.rounded($0)) s" }, "\(video.bytes) bytes",
            ])
        case .photo(let photo):
            list([
                photo.kind.words, photo.size.map { "\($0.width) × \($0.height)" },
                "\(photo.bytes) bytes",
            ])
        case .unread: "its server sends whole files only, so TikTok judges it"
        case .none: nil
        }
    }

    /// For people; numbers of a file may be anything.
    static func rounded(_ number: Double) -> String {
        guard number.isFinite, number.magnitude < 1e9 else { return "a huge number of" }
        let hundredths = Int((number * 100).rounded())
        let rest = hundredths % 100
        guard rest != 0 else { return "\(hundredths / 100)" }
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    private var creator: [String] {
        guard let creator = report.creator else { return [] }
        let off = [
            creator.isCommentDisabled ? "comments" : nil, creator.isDuetDisabled ? "duets" : nil,
            creator.isStitchDisabled ? "stitches" : nil,
        ].compactMap(\.self)
        return [
            line(
                "creator",
                list([
                    "offers " + creator.privacyLevels.map(\.friendlyName).joined(separator: " "),
                    creator.longestVideoSeconds.map { "videos of at most \($0) s" },
                    off.isEmpty ? nil : "switched off: " + off.joined(separator: " "),
                ])
            )
        ]
    }

    private var limits: [String] {
        guard let usage = report.usage, let job = report.job else { return [] }
        func words(_ count: Admission.Count, _ what: String) -> String {
            "\(count.used) of \(count.cap.map { "\($0)" } ?? "any number of") \(what)"
        }
        let calls = usage.calls.filter { $0.endpoint == report.request?.endpoint }
        let counted = [
            job.mode == .draft
                ? words(usage.drafts, "drafts in 24 h") : words(usage.posts, "posts in 24 h")
        ]
        let minute = calls.map { words($0.count, "\($0.endpoint.rawValue) in a minute") }
        let waits = report.prospects.map { prospect in
            let end = prospect.until.map { " until \($0.instant)" } ?? ""
            return line(
                "wait",
                "\(prospect.waitingFor?.rawValue ?? "queue")\(end): \(prospect.words)"
            )
        }
        return [line("limits", (counted + minute).joined(separator: ", "))] + waits
    }

    private var call: [String] {
        var lines: [String] = []
        if let plan = report.plan {
            let last = plan.chunk(plan.count - 1).length
            lines.append(
                line(
                    "chunks",
                    plan.count == 1
                        ? "1 of \(last) bytes"
                        : "\(plan.count), each of \(plan.chunkSize) bytes, the last of \(last)"
                )
            )
        }
        if isFine, let request = report.request {
            let body = request.body.encodedText.escapedForTerminals
            let path = request.endpoint.path ?? ""
            lines.append(line("request", "\(PostInit.method) \(path) \(body)"))
        }
        return lines
    }

    // MARK: What speaks against it

    private var against: [String] {
        let rules = report.brokenRules.map { line("RULE", "\($0)") }
        let taken = report.obstacles.contains { $0.failure == .idTaken } ? whereabouts : nil
        let obstacles = report.obstacles.map { obstacle in
            let failure = obstacle.failure
            return line(
                obstacle.kind.rawValue.uppercased(),
                "\(failure.code): \(failure.message) \(failure.owner.rawValue): \(failure.action)"
            )
        }
        return rules + (taken.map { [line("id", $0)] } ?? []) + obstacles
    }

    /// Where the job is that has taken the id.
    private var whereabouts: String? {
        guard let id else { return nil }
        let view = JobView(job: id, place: report.place, unseen: report.unseen, row: report.row)
        // Otherwise an earlier document of the input has it.
        guard view.isKnown else { return nil }
        return view.text.split(separator: "\n").joined(separator: "; ")
    }
}
