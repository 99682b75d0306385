internal import Publishing
internal import Sandbox

/// Compares what our history says with what the sandbox has seen.
struct DemoVerdict {
    let rows: [HistoryRow]
    let report: SandboxReport
    let jobs: [DemoJob]
    let console: Console

    /// - Returns: whether everything is as it must be; each line says what was looked at.
    func judge(_ media: DemoMedia) async throws -> Bool {
        var isRight = true
        for job in jobs {
            let row = rows.first { $0.job == job.id }
            let isFine =
                switch job.end {
                case .posted: isPublished(job, row, media)
                case .fetched(let status): isFetched(job, row, as: status)
                case .refused: isExplained(job, row)
                }
            isRight = isRight && isFine
        }
        if report.violationCount > 0 {
            isRight = false
            console.out("✗ the sandbox saw \(report.violationCount) breaches of TikTok's contract")
            for violation in report.violations { console.out("    \(violation.what)") }
        }
        return isRight
    }

    private func isPublished(_ job: DemoJob, _ row: HistoryRow?, _ media: DemoMedia) -> Bool {
        let posts = report.delivered(titled: "Demo \(job.id)")
        let hash = media.sha256[job.video ?? ""] ?? ""
        let isFine =
            row?.status == .published && posts.count == 1 && posts.first?.sha256 == hash
            && row?.mediaSHA256 == hash && row?.publishID == posts.first?.publishID
            && row?.postIDs == posts.first?.postID.map { ["\($0)"] }
        let seen = posts.first?.sha256 ?? "nothing"
        console.out(
            isFine
                ? "✓ \(job.id): posted once; SHA-256 at the sandbox equals the file's: " + hash
                : "✗ \(job.id): posted \(posts.count) times; file \(hash), sandbox \(seen)"
        )
        return isFine
    }

    private func isFetched(_ job: DemoJob, _ row: HistoryRow?, as status: Status) -> Bool {
        let posts = report.delivered(titled: "Demo \(job.id)")
        let isFine =
            row?.status == status && posts.count == 1 && row?.publishID == posts.first?.publishID
            && row?.postIDs == (posts.first?.postID.map { ["\($0)"] } ?? [])
        console.out(
            isFine
                ? "✓ \(job.id): \(status.rawValue) once, from addresses that TikTok fetches itself"
                : "✗ \(job.id): should be \(status.rawValue) once, is there \(posts.count) times"
        )
        return isFine
    }

    private func isExplained(_ job: DemoJob, _ row: HistoryRow?) -> Bool {
        let posts = report.delivered(titled: "Demo \(job.id)")
        let owner = row?.errorOwner ?? ""
        let isFine =
            row?.status == .failed && posts.isEmpty && !owner.isEmpty
            && row?.errorAction?.isEmpty == false
        console.out(
            isFine
                ? "✓ \(job.id): refused by TikTok and not posted; the \(owner) can mend it"
                : "✗ \(job.id): should have been refused with an owner and an action"
        )
        return isFine
    }
}
