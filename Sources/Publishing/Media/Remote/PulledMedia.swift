package import HTTP
internal import Synchronization
internal import TikTok

/// Media where TikTok will fetch them, looked at before anything is asked of TikTok.
package struct PulledMedia: Sendable {
    private let client: GuardedClient
    private let allowed: AllowedHosts
    /// `nil`: media that TikTok fetches cannot be named by paths.
    private let prefix: MediaURLPrefix?
    private let memory: UploadMemory
    /// How a picture is taken whole.
    private let wholePhoto: RemoteLimits

    /// - Parameter memory: what the files that are looked at are held in.
    package init(
        _ client: GuardedClient,
        allowed: AllowedHosts,
        prefix: MediaURLPrefix?,
        memory: UploadMemory
    ) {
        self.init(
            client,
            allowed: allowed,
            prefix: prefix,
            memory: memory,
            wholePhoto: .wholePhoto
        )
    }

    init(
        _ client: GuardedClient,
        allowed: AllowedHosts,
        prefix: MediaURLPrefix?,
        memory: UploadMemory,
        wholePhoto: RemoteLimits
    ) {
        self.client = client
        self.allowed = allowed
        self.prefix = prefix
        self.memory = memory
        self.wholePhoto = wholePhoto
    }

    /// How many files of one job are looked at at once.
    static let filesAtOnce = 4

    /// For all files of one job together: 35 pictures of the largest size from hosts of 2.5 MB/s.
    private static let deadline = Duration.seconds(300)

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

    func check(photos: [MediaReference]) async throws(Stop) -> [String] {
        let addresses = try addresses(of: photos)
        let end = ContinuousClock.now + Self.deadline
        let withoutRanges = try await lookAtHeads(of: addresses, until: end)
        guard !withoutRanges.isEmpty else { return addresses.map(\.url.text) }
        // One after another, in room that is waited for once: else a job's own pictures would
        // compete for it, and one that comes too late make all the others wait for nothing.
        let room = try await memory.room(for: UploadMemory.bytesOfWholePhoto, of: .address)
        defer { withExtendedLifetime(room) {} }
        try await look(
            at: withoutRanges.count,
            atMost: 1,
            until: end,
            name: { Self.name(withoutRanges[$0]) },
            { place throws(Stop) in
                try await check(photo: addresses[withoutRanges[place]], wholePhoto)
            }
        )
        return addresses.map(\.url.text)
    }

    /// - Returns: those whose servers ignore ranges, in order; nothing is known of them yet.
    private func lookAtHeads(
        of addresses: [GuardedURL],
        until end: ContinuousClock.Instant
    ) async throws(Stop) -> [Int] {
        let bytes = Self.filesAtOnce * UploadMemory.bytesOfProbe
        let room = try await memory.room(for: bytes, of: .address)
        defer { withExtendedLifetime(room) {} }
        let withoutRanges = Mutex<[Int]>([])
        try await look(at: addresses.count, until: end, name: Self.name) { index throws(Stop) in
            do throws(Stop) {
                try await check(photo: addresses[index], .photoHead)
            } catch {
                guard case .refused(.mediaURLWithoutRanges) = error else { throw error }
                withoutRanges.withLock { $0.append(index) }
            }
        }
        return withoutRanges.withLock { $0.sorted() }
    }

    private func check(photo address: GuardedURL, _ limits: RemoteLimits) async throws(Stop) {
        let file = try await RemoteFile(opening: address, through: client, limits: limits)
        let refusals = MediaRules.refusals(of: try await PhotoProbe.facts(of: file))
        guard refusals.isEmpty else { throw .refused(.mediaRefused(nil, refusals)) }
    }

    /// All texts first, so that nothing is fetched for a job that is refused.
    func addresses(of photos: [MediaReference]) throws(Stop) -> [GuardedURL] {
        var addresses: [GuardedURL] = []
        for (index, photo) in photos.enumerated() {
            do throws(Stop) {
                addresses.append(try address(of: photo))
            } catch {
                throw error.naming(Self.name(index))
            }
        }
        return addresses
    }

    static func name(_ index: Int) -> String { "photos[\(index)]" }

    /// Takes a step for each of several files, with one deadline for all.
    ///
    /// - Parameters:
    ///   - width: how many files are looked at at once.
    ///   - end: for all of them; `nil`: what all files of a job are given.
    ///   - name: what a file is called in a failure; `nil`: there is only one.
    func look(
        at count: Int,
        atMost width: Int = filesAtOnce,
        until end: ContinuousClock.Instant? = nil,
        name: @escaping @Sendable (Int) -> String? = name,
        _ step: @escaping @Sendable (Int) async throws(Stop) -> Void
    ) async throws(Stop) {
        let overdue = Failure.mediaHostAway("it is too slow: \(Self.deadline) are over")
        try await SideBySide.run(
            count,
            atMost: width,
            within: end.map { max(.zero, $0 - .now) } ?? Self.deadline,
            overdue: { Stop.failed(overdue).naming(name($0)) },
            { index throws(Stop) in
                do throws(Stop) {
                    try await step(index)
                } catch {
                    throw error.naming(name(index))
                }
            }
        )
    }

    /// Reads one photo's headers; a server that ignores ranges sends the whole.
    func facts(ofPhoto address: GuardedURL) async throws(Stop) -> PhotoFacts {
        do throws(Stop) {
            return try await facts(ofPhoto: address, .photoHead, UploadMemory.bytesOfProbe)
        } catch {
            guard case .refused(.mediaURLWithoutRanges) = error else { throw error }
        }
        return try await facts(ofPhoto: address, wholePhoto, UploadMemory.bytesOfWholePhoto)
    }

    private func facts(
        ofPhoto address: GuardedURL,
        _ limits: RemoteLimits,
        _ bytes: Int
    ) async throws(Stop) -> PhotoFacts {
        let room = try await memory.room(for: bytes, of: .address)
        defer { withExtendedLifetime(room) {} }
        let file = try await RemoteFile(opening: address, through: client, limits: limits)
        return try await PhotoProbe.facts(of: file)
    }

    private func check(video: MediaReference) async throws(Stop) -> Checked {
        let address = try address(of: video)
        let found = Mutex<VideoFacts?>(nil)
        try await look(at: 1, name: { _ in nil }) { _ throws(Stop) in
            let read = try await facts(ofVideo: address)
            found.withLock { $0 = read }
        }
        let known = found.withLock(\.self)
        let refusals = known.map { MediaRules.refusals(of: $0) } ?? []
        guard refusals.isEmpty else { throw .refused(.mediaRefused(nil, refusals)) }
        return Checked(addresses: [address.url.text], seconds: known?.seconds)
    }

    /// Reads a video's headers.
    ///
    /// - Returns: `nil` when its server ignores ranges: TikTok fetches it whole and needs none.
    ///   Then it is TikTok's to judge.
    func facts(ofVideo address: GuardedURL) async throws(Stop) -> VideoFacts? {
        let room = try await memory.room(for: UploadMemory.bytesOfProbe, of: .address)
        defer { withExtendedLifetime(room) {} }
        do throws(Stop) {
            let file = try await RemoteFile(opening: address, through: client)
            return try await VideoProbe.facts(of: file)
        } catch {
            guard case .refused(.mediaURLWithoutRanges) = error else { throw error }
            return nil
        }
    }

    func address(of media: MediaReference) throws(Stop) -> GuardedURL {
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
    ///
    /// - Parameter subject: `nil`: there is only one.
    func naming(_ subject: String?) -> Stop {
        guard let subject else { return self }
        return switch self {
        case .refused(let failure): .refused(failure.naming(subject))
        case .failed(let failure): .failed(failure.naming(subject))
        default: self
        }
    }
}

extension RemoteLimits {
    /// To look at a photo by ranges.
    fileprivate static let photoHead: RemoteLimits = {
        var limits = RemoteLimits()
        limits.tries = 3
        limits.mostBytes = UploadLimits.photoBytesMax
        return limits
    }()

    /// A picture is small enough to be taken whole from a server that ignores ranges: TikTok, which
    /// fetches it whole, would take it from there as well.
    static let wholePhoto: RemoteLimits = {
        var limits = photoHead
        limits.wholeBytes = Int(UploadLimits.photoBytesMax)
        limits.slowestBytesPerSecond = 262_144
        return limits
    }()
}
