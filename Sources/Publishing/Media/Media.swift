package import Files
internal import TikTok

/// Finds and opens the media that jobs name.
package struct Media: Sendable {
    /// `nil`: `MEDIA_ROOT` is not set.
    private let root: MediaDirectory?

    package init(root: MediaDirectory?) {
        self.root = root
    }

    /// Opens a job's video; nothing outside `MEDIA_ROOT` is ever read.
    func open(_ reference: MediaReference) async throws(Stop) -> Video {
        guard case .path(let path) = reference else { throw .refused(.sourceUnsupported) }
        guard let root else { throw .refused(.mediaRootMissing) }
        do {
            let file = try await root.open(path)
            let size = file.identity.size
            guard size > 0 else { throw Stop.refused(.mediaEmpty) }
            guard size <= UploadLimits.videoBytesMax else {
                throw Stop.refused(.mediaTooLarge(size))
            }
            let head = try await file.read(at: 0, count: Int(min(size, 64)))
            guard let container = VideoContentType(head: head) else {
                throw Stop.refused(.mediaTypeUnknown)
            }
            return Video(file: file, container: container)
        } catch let stop as Stop {
            throw stop
        } catch let error as FileError {
            throw Stop(error)
        } catch {
            throw .failed(.mediaUnreadable("unexpected error"))
        }
    }
}

/// An opened video; everything after the opening goes through its descriptor, never its name.
struct Video: Sendable {
    let file: OpenFile
    let container: VideoContentType

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
