import EventLoop
import Files
import Foundation
import JSON
import PrivateServers
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// A kind of post whose media TikTok fetches itself.
enum PulledKind: String, CaseIterable, CustomTestStringConvertible {
    case photo, carousel, photoDraft, pull, pullDraft

    var testDescription: String { rawValue }

    /// The call that posts it.
    var endpoint: SandboxEndpoint {
        switch self {
        case .photo, .carousel, .photoDraft: .contentInit
        case .pull: .videoInit
        case .pullDraft: .inboxInit
        }
    }

    var isDraft: Bool { self == .photoDraft || self == .pullDraft }

    var end: Status { isDraft ? .delivered : .published }

    /// What its document says beside the usual.
    ///
    /// - Parameter prefix: the address of `PulledKind.files`.
    func changes(_ prefix: String) -> [String: JSONValue] {
        switch self {
        case .photo: ["video": .null, "photos": [.string(prefix + "one.webp?sig=a%2Fb")]]
        case .carousel: ["video": .null, "photos": Self.many, "photo_cover_index": 34]
        case .photoDraft: ["video": .null, "photos": ["a.jpg"], "mode": "draft", "privacy": .null]
        case .pull: ["video": .string(prefix + "clip.mp4"), "transfer": "pull"]
        case .pullDraft:
            ["video": "clip.mp4", "transfer": "pull", "mode": "draft", "privacy": .null]
        }
    }

    private static let many = JSONValue.array(
        (1...35).map { .string("ünï codé/photo \($0).jpg") }
    )

    // MARK: Where their media are

    /// The one place that TikTok may fetch from; it stays up for all beds.
    static var prefix: String { get async throws { try await host.value.url } }

    private static let host = Task {
        let folder = try TemporaryFolder.shared().makeFolder("media-host")
        try FileManager.default.createDirectory(
            atPath: folder + "/ünï codé",
            withIntermediateDirectories: true
        )
        for photo in (1...35).map({ "ünï codé/photo \($0).jpg" }) + ["a.jpg"] {
            try WholeFile.write(SamplePhoto.jpeg, to: "\(folder)/\(photo)")
        }
        try WholeFile.write(SamplePhoto.webP, to: folder + "/one.webp")
        try WholeFile.write(TestMovie().file(), to: folder + "/clip.mp4")
        return try await MediaHost.start(serving: folder, on: EventLoop(name: "media-host"))
    }

    static func settings(_ prefix: String) -> [String: String] {
        ["MEDIA_URL_PREFIX": prefix, "MEDIA_HOSTS": "127.0.0.1"]
    }

    static func verify(_ options: inout SandboxOptions, _ prefix: String) {
        options.verifiedPrefixes = [prefix]
        options.download = .zero
    }
}

extension TestBed {
    /// Runs a test on a bed whose stand-in fetches from the verified prefix, in no time.
    static func runPulled(
        _ settings: [String: String] = [:],
        options: (inout SandboxOptions) -> Void = { _ in },
        _ body: (TestBed) async throws -> Void
    ) async throws {
        let prefix = try await PulledKind.prefix
        try await run(PulledKind.settings(prefix).merging(settings) { $1 }) { all in
            PulledKind.verify(&all, prefix)
            options(&all)
        } _: { bed in
            try await body(bed)
        }
    }

    func pulled(
        _ kind: PulledKind,
        _ id: String,
        account: String,
        _ more: [String: JSONValue] = [:]
    ) -> JSONValue {
        job(
            id,
            account: account,
            video: "",
            kind.changes(settings["MEDIA_URL_PREFIX"] ?? "").merging(more) { $1 }
        )
    }

    /// The posts that an account has at the stand-in.
    func posts(of account: String) -> [SandboxPost] {
        sandbox.report().posts.filter { $0.openID == "-000-\(account)" }
    }

    /// Ends what TikTok's minute holds an account for, so that nobody waits for it.
    func letTheMinutePass(for account: String) async throws {
        // The row says that a job waits a moment before the queue holds its account.
        try await waitUntil("the hold of \(account)") {
            let holds = ["post", "draft"].map { RedisArgument.text(key("hold:\($0):\(account)")) }
            return try await redis.send(["DEL"] + holds).integer == 1
        }
        try await letTheDayPass(for: account)
    }

    /// How often an account has asked for something.
    func calls(of account: String, to endpoint: SandboxEndpoint) -> Int {
        calls(of: account).count { $0 == endpoint }
    }
}
