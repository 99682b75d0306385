package import Files
package import HTTP
internal import TikTok

/// Finds, opens and probes the media that jobs name.
package struct Media: Sendable {
    /// `nil`: `MEDIA_ROOT` is not set.
    private let root: MediaDirectory?
    private let remote: GuardedClient
    private let allowed: AllowedHosts

    package init(
        root: MediaDirectory?,
        remote: GuardedClient,
        allowed: AllowedHosts = .anyPublic
    ) {
        self.root = root
        self.remote = remote
        self.allowed = allowed
    }

    /// Opens a job's video, and refuses what TikTok would refuse; no file outside `MEDIA_ROOT` is
    /// ever read, and no host that is not allowed is ever asked.
    ///
    /// - Parameter begun: what was opened when the job's upload began. Then only the same file
    ///   will do.
    func open(
        _ reference: MediaReference,
        begun: Ledger.SourceIdentity? = nil
    ) async throws(Stop) -> Video {
        try await probe(reference, begun: begun).video()
    }

    /// Opens a job's video and reads its headers, whatever they say.
    func probe(
        _ reference: MediaReference,
        begun: Ledger.SourceIdentity? = nil
    ) async throws(Stop) -> Probed {
        let opened =
            switch reference {
            case .path(let path): try await open(path: path)
            case .url(let text): try await open(url: text)
            }
        if let begun, begun != opened.identity { throw .refused(.mediaChanged) }
        guard opened.source.size > 0 else { throw .refused(.mediaEmpty) }
        return Probed(opened: opened, facts: try await VideoProbe.facts(of: opened.source))
    }

    /// A video with what its headers say.
    struct Probed: Sendable {
        let opened: OpenedSource
        let facts: VideoFacts

        /// - Throws: `.refused` when TikTok would refuse it.
        func video() throws(Stop) -> Video {
            let refusals = MediaRules.refusals(of: facts)
            guard let container = facts.kind.videoType, refusals.isEmpty else {
                throw .refused(.mediaRefused(opened.name, refusals))
            }
            return Video(opened, container: container, seconds: facts.seconds)
        }
    }

    private func open(path: String) async throws(Stop) -> OpenedSource {
        guard let root else { throw .refused(.mediaRootMissing) }
        do throws(FileError) {
            return OpenedSource(path, try await root.open(path))
        } catch {
            throw Stop(error)
        }
    }

    private func open(url text: String) async throws(Stop) -> OpenedSource {
        let url = try GuardedURL(media: text, allowed: allowed)
        return OpenedSource(url.description, try await RemoteFile(opening: url, through: remote))
    }
}

/// Where the bytes of a video come from.
struct OpenedSource: Sendable {
    /// What people are told; never more of an address than its host.
    let name: String
    /// For a probe, which jumps about.
    let source: any ByteSource
    let identity: Ledger.SourceIdentity
    fileprivate let file: OpenFile?

    init(_ name: String, _ file: OpenFile) {
        self.name = name
        self.file = file
        source = FileSource(file)
        identity = Ledger.SourceIdentity(file.identity)
    }

    init(_ name: String, _ file: RemoteFile) {
        self.name = name
        self.file = nil
        source = file
        identity = Ledger.SourceIdentity(file.identity)
    }

    /// For an upload, which reads in order.
    fileprivate var inOrder: any ByteSource { file == nil ? ReadAhead(source) : source }
}

/// An opened video; everything after the opening goes through its descriptor or its pinned
/// address, never its name.
struct Video: Sendable {
    /// What people are told.
    let name: String
    let source: any ByteSource
    let identity: Ledger.SourceIdentity
    let container: VideoContentType
    /// How long it plays; `nil` when that is not certain.
    let seconds: Double?
    private let file: OpenFile?

    init(_ opened: OpenedSource, container: VideoContentType, seconds: Double?) {
        name = opened.name
        source = opened.inOrder
        identity = opened.identity
        file = opened.file
        self.container = container
        self.seconds = seconds
    }

    var bytes: Int64 { source.size }

    /// Whether it costs no network to read it again.
    var isFile: Bool { file != nil }

    /// What its upload holds in memory.
    var bufferBytes: Int {
        file == nil ? UploadMemory.bytesOfAddress : UploadMemory.bytesOfFile
    }

    /// Throws when the file is not the one that was opened any more.
    ///
    /// Of an address every single read makes sure of that.
    func checkUnchanged() async throws(Stop) {
        do throws(FileError) {
            try await file?.checkUnchanged()
        } catch {
            throw Stop(error)
        }
    }

    /// Throws when it plays longer than its account may post.
    ///
    /// - Parameter most: in seconds; `nil` when TikTok did not say.
    func checkLength(most: Int64?) throws(Stop) {
        if let refusal = MediaRules.refusal(ofSeconds: seconds, most: most) {
            throw .refused(.mediaRefused(name, [refusal]))
        }
    }
}

extension Stop {
    /// What a failed open or read of a job's media means.
    init(_ error: FileError) {
        self =
            switch error {
            case .notFound: .refused(.mediaNotFound)
            case .notRegular(let kind): .refused(.mediaNotAFile(kind.rawValue))
            case .outsideFolder: .refused(.mediaPathRefused("it leads out of MEDIA_ROOT"))
            case .badLink: .refused(.mediaPathRefused("it goes through a link to nowhere"))
            case .brokenRule(let rule): .refused(.mediaPathRefused("it \(rule.rawValue)"))
            case .permission: .refused(.mediaForbidden)
            case .changed: .refused(.mediaChanged)
            case .cancelled: .lost
            case .tooManyOpen, .tooLarge, .system: .failed(.mediaUnreadable(error.description))
            }
    }
}
