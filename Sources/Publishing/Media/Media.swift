package import Files
internal import TikTok

/// Finds, opens and probes the media that jobs name.
package struct Media: Sendable {
    /// `nil`: `MEDIA_ROOT` is not set.
    private let root: MediaDirectory?

    package init(root: MediaDirectory?) {
        self.root = root
    }

    /// Opens a job's video, and refuses what TikTok would refuse; nothing outside `MEDIA_ROOT` is
    /// ever read.
    ///
    /// - Parameter begun: what was opened when the job's upload began. Then only the same file
    ///   will do.
    func open(
        _ reference: MediaReference,
        begun: Ledger.SourceIdentity? = nil
    ) async throws(Stop) -> Video {
        guard case .path(let path) = reference else { throw .refused(.sourceUnsupported) }
        guard let root else { throw .refused(.mediaRootMissing) }
        let file: OpenFile
        do throws(FileError) {
            file = try await root.open(path)
        } catch {
            throw Stop(error)
        }
        if let begun, begun != Ledger.SourceIdentity(file.identity) {
            throw .refused(.mediaChanged)
        }
        guard file.identity.size > 0 else { throw .refused(.mediaEmpty) }
        let facts = try await VideoProbe.facts(of: FileSource(file))
        let refusals = MediaRules.refusals(of: facts)
        guard let container = facts.kind.videoType, refusals.isEmpty else {
            throw .refused(.mediaRefused(path, refusals))
        }
        return Video(name: path, file: file, container: container, seconds: facts.seconds)
    }
}

/// An opened video; everything after the opening goes through its descriptor, never its name.
struct Video: Sendable {
    /// What the job calls it.
    let name: String
    let file: OpenFile
    let container: VideoContentType
    /// How long it plays; `nil` when that is not certain.
    let seconds: Double?

    var bytes: Int64 { file.identity.size }
    var identity: Ledger.SourceIdentity { Ledger.SourceIdentity(file.identity) }

    /// Throws when the file is not the one that was opened any more.
    func checkUnchanged() async throws(Stop) {
        do throws(FileError) {
            try await file.checkUnchanged()
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
