import JSON
import Publishing
import Sandbox
import Support
import Testing

/// A point of a job of five chunks at which its worker stands still, as seen from outside: one
/// request, or its answer, is held back.
struct CrashPoint: Sendable, CustomTestStringConvertible {
    enum Place: Sendable {
        case redis(ProxyFault.Action, skip: Int, @Sendable (ProxiedExchange) -> Bool)
        case postgres(ProxyFault.Action, skip: Int, @Sendable (ProxiedExchange) -> Bool)
        case tiktok(SandboxEndpoint, SandboxFault.Action, skip: Int)
    }

    let testDescription: String
    let place: Place
    /// Posts begun at TikTok in the end: an init that nobody remembers is asked again.
    var posts = 1
    /// The chunk that is sent twice, because it had not arrived.
    var resent: Int?

    /// The id of the job, and the name of its account.
    static let job = "survivor"
    static let chunks = 5

    init(_ description: String, _ place: Place, posts: Int = 1, resent: Int? = nil) {
        testDescription = description
        self.place = place
        self.posts = posts
        self.resent = resent
    }

    // MARK: Where

    /// A script that Redis was asked to run on behalf of the job, known by an argument of its own.
    static func script(
        _ argument: String,
        _ action: ProxyFault.Action,
        skip: Int = 0
    ) -> Place {
        .redis(action, skip: skip) { $0.asks("EVALSHA") && $0.asks("\r\n\(argument)\r\n") }
    }

    /// The write of an event of the job's history.
    static func event(_ name: String, _ action: ProxyFault.Action, skip: Int = 0) -> Place {
        // As a parameter: behind its length.
        let parameter = "\0\0\0\(UnicodeScalar(UInt8(name.utf8.count)))\(name)"
        return .postgres(action, skip: skip) {
            $0.asks("INTO publish_events") && $0.asks(parameter) && $0.asks(job)
        }
    }

    static func call(
        _ endpoint: SandboxEndpoint,
        _ action: SandboxFault.Action,
        skip: Int = 0
    ) -> Place {
        .tiktok(endpoint, action, skip: skip)
    }

    /// The claim that brought the job: known by its answer, which has the document in it.
    static let claim = Place.redis(.holdAnswer, skip: 0) {
        $0.asks("EVALSHA") && $0.answers("\"id\":\"\(job)\"")
    }

    static func row(_ action: ProxyFault.Action) -> Place {
        .postgres(action, skip: 0) { $0.asks("INTO publish_history") && $0.asks(job) }
    }

    // MARK: All of them

    static let beforeInit = [
        CrashPoint("after the claim", claim),
        CrashPoint("before admission", script(job, .holdRequest)),
        CrashPoint("after admission", script(job, .holdAnswer)),
        CrashPoint("before the row", row(.holdRequest)),
        CrashPoint("after the row", row(.holdAnswer)),
        CrashPoint("after the step before the init", event("preparing", .holdAnswer)),
        CrashPoint("while it asks about the creator", call(.creatorInfo, .hangBefore)),
    ]

    static let atInit = [
        CrashPoint("when the init was sent", call(.videoInit, .hangBefore)),
        CrashPoint("when the init was done, unanswered", call(.videoInit, .hangAfter), posts: 2),
        CrashPoint(
            "when the init was answered",
            event("upload_agreed", .holdRequest),
            posts: 2
        ),
        CrashPoint("when the upload was recorded", event("upload_agreed", .holdAnswer)),
    ]

    static let atChunks = (0..<chunks).flatMap { chunk in
        [
            CrashPoint(
                "before chunk \(chunk) arrived",
                call(.upload, .hangBefore, skip: chunk),
                resent: chunk
            ),
            CrashPoint(
                "when chunk \(chunk) had arrived, unanswered",
                call(.upload, .hangAfter, skip: chunk)
            ),
        ]
    }

    static let afterChunks = (0..<(chunks - 1)).flatMap { chunk in
        [
            CrashPoint(
                "when chunk \(chunk) was answered",
                event("chunk_sent", .holdRequest, skip: chunk)
            ),
            CrashPoint(
                "when chunk \(chunk) was recorded",
                event("chunk_sent", .holdAnswer, skip: chunk)
            ),
        ]
    }

    static let afterUpload = [
        CrashPoint("when the last chunk was answered", event("uploaded", .holdRequest)),
        CrashPoint("when the end of the upload was recorded", event("uploaded", .holdAnswer)),
        CrashPoint("before the wait was recorded", event("status_asked", .holdRequest)),
        CrashPoint("when the wait was recorded", event("status_asked", .holdAnswer)),
        CrashPoint("before the wait was settled", script("park", .holdRequest)),
        CrashPoint("when the wait was settled", script("park", .holdAnswer)),
    ]

    static let atVerdict = [
        CrashPoint("before the verdict", call(.status, .hangBefore)),
        CrashPoint("when the verdict was given, unheard", call(.status, .hangAfter)),
        CrashPoint("before the verdict was recorded", event("published", .holdRequest)),
        CrashPoint("when the verdict was recorded", event("published", .holdAnswer)),
        CrashPoint("before the end was settled", script("done", .holdRequest)),
        CrashPoint("when the end was settled", script("done", .holdAnswer)),
    ]

    static let all = beforeInit + atInit + atChunks + afterChunks + afterUpload + atVerdict
}

/// A worker that stands still at a point, and what has to be let go.
struct CrashScene: Sendable {
    let worker: RunningProgram
    /// `nil` where TikTok holds back its answer.
    let held: ProxyFault?
}

extension TestBed {
    /// Starts a worker behind the proxies with one job, and waits until it stands at the point.
    func stand(
        at point: CrashPoint,
        _ proxies: FaultProxies,
        video: TestVideo,
        _ changes: [String: JSONValue] = [:]
    ) async throws -> CrashScene {
        try await connect(CrashPoint.job)
        let held: ProxyFault?
        switch point.place {
        case .redis(let action, let skip, let concerns):
            held = proxies.redis.plan(action, skip: skip, when: concerns)
        case .postgres(let action, let skip, let concerns):
            held = proxies.postgres.plan(action, skip: skip, when: concerns)
        case .tiktok(let endpoint, let action, let skip):
            held = nil
            sandbox.fault(endpoint, action, skip: skip)
        }
        let worker = try startWorker("first", environment: proxies.environment)
        try await push(job(CrashPoint.job, account: CrashPoint.job, video: video.name, changes))
        if case .tiktok(let endpoint, _, _) = point.place {
            try await hits(of: endpoint, worker: worker)
        }
        try await held?.happens { worker.err }
        return CrashScene(worker: worker, held: held)
    }

    /// Each chunk was stored once, and none was sent more often than it had to be.
    func expectChunks(of point: CrashPoint, sourceLocation: SourceLocation = #_sourceLocation) {
        let sent = chunks()
        for chunk in 0..<CrashPoint.chunks {
            let answers = sent[Int64(chunk * JourneyKind.chunk)] ?? []
            #expect(
                answers.count == (chunk == point.resent ? 2 : 1),
                "\(point.testDescription): chunk \(chunk): \(answers)",
                sourceLocation: sourceLocation
            )
        }
    }
}
