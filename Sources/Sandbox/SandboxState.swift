internal import Crypto
internal import JSON

/// Everything the stand-in knows, and every rule it keeps; no network and no clock of its own.
///
/// Times are milliseconds since 1970 as the caller says, plus whatever the clock was advanced by.
package struct SandboxState {
    var options: SandboxOptions
    /// Where upload addresses point, without a slash at the end.
    package var publicURL = "http://sandbox.invalid"
    /// Where bytes are sent, when that is another host.
    package var uploadURL: String?
    var uploadHost: String { uploadURL ?? publicURL }
    var random: SandboxRandom
    /// How far the clock was advanced, in milliseconds.
    var advancedBy: Int64 = 0

    var accounts: [String: SandboxAccount] = [:]
    var accessTokens: [String: AccessToken] = [:]
    var refreshTokens: [String: RefreshToken] = [:]
    var usedRefreshTokens: [String: UsedRefreshToken] = [:]
    var codes: [String: PendingCode] = [:]

    var posts: [String: Post] = [:]
    /// In the order they were begun.
    var publishIDs: [String] = []
    var publishIDsOfAccount: [String: [String]] = [:]
    var publishIDOfUpload: [String: String] = [:]
    var publishIDsOfTitle: [String: [String]] = [:]
    var activeCreators: [String: Int64] = [:]

    var requestTimes: [RateKey: [Int64]] = [:]
    var faults: [PlannedFault] = []
    var journal: Journal
    var requestCounts: [SandboxEndpoint: Int] = [:]
    var lastNumber: Int64 = 0

    /// Posts of which there may be news still, and what was sent of each.
    var unfinished: Set<String> = []
    var announced: [String: Set<String>] = [:]
    /// Consents that ended, unsent.
    var removals: [SandboxWebhook] = []
    /// The newest tries to deliver.
    var deliveries: [SandboxDelivery] = []

    package init(_ options: SandboxOptions = SandboxOptions()) {
        self.options = options
        random = SandboxRandom(seed: options.seed)
        journal = Journal(limit: options.journalEntries)
    }

    /// Answers one request whose whole body is at hand.
    package mutating func handle(
        _ request: SandboxRequest,
        at instant: Int64
    ) -> SandboxAnswer {
        if request.path.hasPrefix("/sandbox/") { return administer(request, at: instant) }
        guard request.endpoint == .upload else { return answer(request, at: instant) }
        switch beginChunk(request, at: instant) {
        case .answer(let answer):
            return answer
        case .receive(var reception):
            reception.take(request.body)
            return endChunk(reception, at: instant)
        }
    }

    // MARK: Every endpoint but the upload addresses

    private mutating func answer(_ request: SandboxRequest, at instant: Int64) -> SandboxAnswer {
        let now = instant + advancedBy
        let endpoint = request.endpoint
        requestCounts[endpoint, default: 0] += 1
        let caller = request.bearer.flatMap { accessTokens[$0] }?.openID
        let fault = takeFault(endpoint, openID: caller)
        if let answer = fault?.answerBefore(endpoint, logID: nextLogID()) {
            note(request, answer, at: now, caller: caller, fault: fault)
            return answer
        }
        var answer = perform(request, fault: fault, at: now)
        fault?.change(&answer)
        note(request, answer, at: now, caller: caller, fault: fault)
        return answer
    }

    private mutating func perform(
        _ request: SandboxRequest,
        fault: SandboxFault?,
        at now: Int64
    ) -> SandboxAnswer {
        let endpoint = request.endpoint
        do throws(Refusal) {
            try checkRoute(request)
            switch endpoint {
            case .token: return exchange(request, at: now)
            case .revoke: return revoke(request, at: now)
            case .sink: return .json(["bytes": .integer(Int64(request.body.count))])
            default: break
            }
            let caller = try admit(request, at: now)
            let data = try data(for: request, caller: caller, verdict: fault?.verdict, at: now)
            return envelope(data)
        } catch {
            return refuse(request, error, at: now)
        }
    }

    private mutating func data(
        for request: SandboxRequest,
        caller: Caller,
        verdict: String?,
        at now: Int64
    ) throws(Refusal) -> JSONValue? {
        switch request.endpoint {
        case .creatorInfo: try creatorInfo(request, caller, at: now)
        case .videoInit: try initVideo(request, caller, verdict: verdict, at: now)
        case .inboxInit: try initInbox(request, caller, verdict: verdict, at: now)
        case .contentInit: try initContent(request, caller, verdict: verdict, at: now)
        case .status: try fetchStatus(request, caller, at: now)
        case .cancel: try cancel(request, caller, at: now)
        case .videoList: try listVideos(request, caller, at: now)
        case .userInfo: try userInfo(request, caller)
        case .token, .revoke, .upload, .sink, .unknown: throw Self.unsupportedPath
        }
    }

    static let unsupportedPath = Refusal(
        status: 404,
        code: "unsupported_path",
        message: "There is no such path",
        isViolation: true
    )

    // MARK: Answers

    mutating func envelope(_ data: JSONValue?) -> SandboxAnswer {
        var members: [String: JSONValue] = [
            "error": ["code": "ok", "message": "", "log_id": .string(nextLogID())]
        ]
        members["data"] = data
        return .json(.object(members))
    }

    mutating func refuse(
        _ request: SandboxRequest,
        _ refusal: Refusal,
        at now: Int64
    ) -> SandboxAnswer {
        if refusal.isViolation {
            noteViolation("\(request.endpoint.rawValue): \(refusal.message)", at: now)
        }
        let code =
            refusal.code == Refusal.invalidCode ? options.invalidParameterCode : refusal.code
        let error: JSONValue = [
            "code": .string(code), "message": .string(refusal.message),
            "log_id": .string(nextLogID()),
        ]
        return .json(["data": [:], "error": error], status: refusal.status, code: code)
    }

    mutating func nextNumber() -> Int64 {
        lastNumber += 1
        return lastNumber
    }

    /// Looks like TikTok's: a time and a random end.
    mutating func nextLogID() -> String {
        "20261101083000" + String(1_000_000 + nextNumber()) + random.hex(4).uppercased()
    }
}

/// Numbers that repeat when a seed is given.
struct SandboxRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64?) {
        state = seed ?? UInt64.random(in: .min ... .max)
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// So many random bytes, as twice as many digits.
    mutating func hex(_ count: Int) -> String {
        (0..<count).map { _ in
            let byte = UInt8.random(in: .min ... .max, using: &self)
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
