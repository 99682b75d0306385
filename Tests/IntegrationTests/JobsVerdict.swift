import JSON
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// Tries cases side by side that spend their time waiting; each failure names its case.
func allAtOnce<Case: Sendable & CustomTestStringConvertible>(
    _ cases: [Case],
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (Case) async throws -> Void
) async {
    await withTaskGroup { group in
        for one in cases {
            group.addTask {
                do {
                    try await body(one)
                } catch {
                    Issue.record(
                        "\(one.testDescription): \(error)",
                        sourceLocation: sourceLocation
                    )
                }
            }
        }
    }
}

/// What must be true of every test, however its jobs went.
extension TestBed {
    /// The stand-in saw nothing that a correct client would not send.
    func expectNoViolation(sourceLocation: SourceLocation = #_sourceLocation) {
        let report = sandbox.report()
        #expect(report.violationCount == 0, sourceLocation: sourceLocation)
        for violation in report.violations {
            Issue.record("\(violation.what)", sourceLocation: sourceLocation)
        }
    }

    /// The post is out exactly once, with every byte of the video, and the row says so.
    ///
    /// - Parameter isHashed: whether the row knows the hash; nobody fetches a video twice for it.
    @discardableResult
    func expectPosted(
        _ row: HistoryRow,
        _ video: TestVideo,
        isHashed: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> SandboxPost? {
        #expect(row.status == .published, "\(row.json.encodedText)", sourceLocation: sourceLocation)
        let posts = sandbox.report().delivered(titled: Self.title(of: row.job))
        #expect(posts.count == 1, "\(row.job)", sourceLocation: sourceLocation)
        #expect(posts.first?.sha256 == video.sha256, sourceLocation: sourceLocation)
        let hash = isHashed ? video.sha256 : nil
        #expect(row.mediaSHA256 == hash, sourceLocation: sourceLocation)
        #expect(row.mediaBytes == Int64(video.bytes), sourceLocation: sourceLocation)
        #expect(row.uploadedBytes == Int64(video.bytes), sourceLocation: sourceLocation)
        #expect(row.publishID == posts.first?.publishID, sourceLocation: sourceLocation)
        #expect(row.errorCode == nil, sourceLocation: sourceLocation)
        #expect(row.waitingFor == nil, sourceLocation: sourceLocation)
        #expect(row.finishedAt != nil, sourceLocation: sourceLocation)
        let ids = posts.first?.postID.map { ["\($0)"] } ?? []
        #expect(row.postIDs == ids, sourceLocation: sourceLocation)
        expectNoViolation(sourceLocation: sourceLocation)
        return posts.first
    }

    /// Nothing of the job is out.
    func expectNotPosted(_ job: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let posts = sandbox.report().delivered(titled: Self.title(of: job))
        #expect(posts.isEmpty, "\(job)", sourceLocation: sourceLocation)
        expectNoViolation(sourceLocation: sourceLocation)
    }

    /// The worker still runs, and drains when it is told to.
    func expectDrains(
        _ worker: RunningProgram,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(worker.isRunning, "\(worker.err)", sourceLocation: sourceLocation)
        let result = try await worker.drain()
        #expect(result.exit == .exited(code: 0), "\(result)", sourceLocation: sourceLocation)
    }
}
