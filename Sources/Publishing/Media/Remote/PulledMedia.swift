package import HTTP
internal import TikTok

/// Media where TikTok will fetch them, looked at before anything is asked of TikTok.
package struct PulledMedia: Sendable {
    private let client: GuardedClient
    private let allowed: AllowedHosts
    /// `nil`: media that TikTok fetches cannot be named by paths.
    private let prefix: MediaURLPrefix?
    private let photoLimits: RemoteLimits

    package init(_ client: GuardedClient, allowed: AllowedHosts, prefix: MediaURLPrefix?) {
        self.init(client, allowed: allowed, prefix: prefix, photoLimits: Self.photoLimits)
    }

    init(
        _ client: GuardedClient,
        allowed: AllowedHosts,
        prefix: MediaURLPrefix?,
        photoLimits: RemoteLimits
    ) {
        self.client = client
        self.allowed = allowed
        self.prefix = prefix
        self.photoLimits = photoLimits
    }

    /// A picture is small enough to be taken whole from a server that ignores ranges: TikTok, which
    /// fetches it whole, would take it from there as well.
    static let photoLimits: RemoteLimits = {
        var limits = RemoteLimits()
        limits.wholeBytes = Int(UploadLimits.photoBytesMax)
        limits.tries = 3
        limits.slowestBytesPerSecond = 262_144
        return limits
    }()

    /// Media that TikTok would take.
    struct Checked: Sendable {
        /// For TikTok, in the job's order.
        let addresses: [String]
        /// How long the video plays; `nil` when that is not known, and for photos.
        var seconds: Double?
    }

    /// Checks everything that a pulled job names.
    ///
    /// - Throws: `Stop` with a failure that names the first file that will not do.
    func check(_ job: PublishJob) async throws(Stop) -> Checked {
        switch job.content {
        case .photos(let photos): return Checked(addresses: try await check(photos: photos))
        case .video(let video, _): return try await check(video: video)
        }
    }

    /// All texts first, so that nothing is fetched for a job that is refused.
    func check(photos: [MediaReference]) async throws(Stop) -> [String] {
        var addresses: [GuardedURL] = []
        for (index, photo) in photos.enumerated() {
            do throws(Stop) {
                addresses.append(try address(of: photo))
            } catch {
                throw error.naming("photos[\(index)]")
            }
        }
        for (index, address) in addresses.enumerated() {
            do throws(Stop) {
                try await check(photo: address)
            } catch {
                throw error.naming("photos[\(index)]")
            }
        }
        return addresses.map(\.url.text)
    }

    private func check(photo address: GuardedURL) async throws(Stop) {
        let file = try await RemoteFile(opening: address, through: client, limits: photoLimits)
        let refusals = MediaRules.refusals(of: try await PhotoProbe.facts(of: file))
        guard refusals.isEmpty else { throw .refused(.mediaRefused(nil, refusals)) }
    }

    private func check(video: MediaReference) async throws(Stop) -> Checked {
        let address = try address(of: video)
        var checked = Checked(addresses: [address.url.text])
        do throws(Stop) {
            let file = try await RemoteFile(opening: address, through: client)
            let facts = try await VideoProbe.facts(of: file)
            let refusals = MediaRules.refusals(of: facts)
            guard refusals.isEmpty else { throw .refused(.mediaRefused(nil, refusals)) }
            checked.seconds = facts.seconds
        } catch {
            // TikTok fetches it whole and needs no ranges: then it is TikTok's to judge.
            guard case .refused(.mediaURLWithoutRanges) = error else { throw error }
        }
        return checked
    }

    private func address(of media: MediaReference) throws(Stop) -> GuardedURL {
        switch media {
        case .url(let text): return try GuardedURL(media: text, allowed: allowed)
        case .path(let path):
            guard let prefix else { throw .refused(.mediaURLPrefixMissing) }
            return try prefix.address(of: path)
        }
    }
}

extension PulledMedia.Checked {
    /// Throws when the video plays longer than its account may post.
    ///
    /// - Parameter most: in seconds; `nil` when TikTok did not say.
    func checkLength(most: Int64?) throws(Stop) {
        if let refusal = MediaRules.refusal(ofSeconds: seconds, most: most) {
            throw .refused(.mediaRefused(nil, [refusal]))
        }
    }
}

extension Stop {
    /// The same stop, saying which of several files it is about.
    fileprivate func naming(_ subject: String) -> Stop {
        switch self {
        case .refused(let failure): .refused(failure.naming(subject))
        case .failed(let failure): .failed(failure.naming(subject))
        default: self
        }
    }
}
