internal import HTTP
internal import Synchronization
internal import TikTok

/// The media of a job, opened and looked at as a worker does.
extension DryRun {
    /// What the request needs of them.
    struct FoundMedia: Sendable {
        /// As refusals call the video.
        var name: String?
        /// How long the video plays; `nil` when that is not known, and for photos.
        var seconds: Double?
        /// Of a good video that is uploaded.
        var uploadBytes: Int64?
        /// Of good media that TikTok fetches.
        var addresses: [String]?
    }

    func examineMedia(
        of job: PublishJob,
        _ report: inout DryRunReport
    ) async throws(Stop) -> FoundMedia {
        switch job.content {
        case .video(let video, .upload): try await examine(uploaded: video, &report)
        case .video(let video, .pull): try await examine(pulled: video, &report)
        case .photos(let photos): try await examine(photos, &report)
        }
    }

    private func examine(
        uploaded video: MediaReference,
        _ report: inout DryRunReport
    ) async throws(Stop) -> FoundMedia {
        var found = FoundMedia()
        var facts = MediaReport.Facts.none
        do throws(Stop) {
            let probed = try await media.probe(video)
            facts = .video(probed.facts)
            found.name = probed.opened.name
            found.seconds = probed.facts.seconds
            found.uploadBytes = try probed.video().bytes
        } catch {
            try report.add(error)
        }
        report.media = [MediaReport(field: "video", facts: facts)]
        return found
    }

    private func examine(
        pulled video: MediaReference,
        _ report: inout DryRunReport
    ) async throws(Stop) -> FoundMedia {
        var found = FoundMedia()
        let read = Mutex<VideoFacts?>(nil)
        var facts = MediaReport.Facts.none
        do throws(Stop) {
            let address = try pulled.address(of: video)
            try await pulled.look(at: 1, name: { _ in nil }) { _ throws(Stop) in
                let facts = try await pulled.facts(ofVideo: address)
                read.withLock { $0 = facts }
            }
            let known = read.withLock(\.self)
            facts = known.map { .video($0) } ?? .unread
            found.seconds = known?.seconds
            let refusals = known.map { MediaRules.refusals(of: $0) } ?? []
            guard refusals.isEmpty else { throw .refused(.mediaRefused(nil, refusals)) }
            found.addresses = [address.url.text]
        } catch {
            try report.add(error)
        }
        report.media = [MediaReport(field: "video", facts: facts)]
        return found
    }

    /// Every photo, also where an earlier one is refused.
    private func examine(
        _ photos: [MediaReference],
        _ report: inout DryRunReport
    ) async throws(Stop) -> FoundMedia {
        var addresses: [Int: GuardedURL] = [:]
        var stops: [Int: Stop] = [:]
        for (index, photo) in photos.enumerated() {
            do throws(Stop) {
                addresses[index] = try pulled.address(of: photo)
            } catch {
                stops[index] = error
            }
        }
        let read = try await facts(of: addresses)
        for index in photos.indices {
            var facts = MediaReport.Facts.none
            if case .success(let found)? = read[index] {
                facts = .photo(found)
                let refusals = MediaRules.refusals(of: found)
                if !refusals.isEmpty { stops[index] = .refused(.mediaRefused(nil, refusals)) }
            }
            if case .failure(let stop)? = read[index] { stops[index] = stop }
            let field = PulledMedia.name(index)
            report.media.append(MediaReport(field: field, facts: facts))
            if let stop = stops[index] { try report.add(stop.naming(field)) }
        }
        guard stops.isEmpty else { return FoundMedia() }
        let all = addresses.sorted { $0.key < $1.key }.map(\.value.url.text)
        return FoundMedia(addresses: all)
    }

    private func facts(
        of addresses: [Int: GuardedURL]
    ) async throws(Stop) -> [Int: Result<PhotoFacts, Stop>] {
        let order = addresses.sorted { $0.key < $1.key }
        let read = Mutex<[Int: Result<PhotoFacts, Stop>]>([:])
        do throws(Stop) {
            try await pulled.look(at: order.count, name: { _ in nil }) { place throws(Stop) in
                let (index, address) = order[place]
                let result: Result<PhotoFacts, Stop>
                do throws(Stop) {
                    result = .success(try await pulled.facts(ofPhoto: address))
                } catch {
                    if case .lost = error { throw error }
                    result = .failure(error)
                }
                read.withLock { $0[index] = result }
            }
        } catch {
            // Those that time ran out for.
            read.withLock { read in
                for (index, _) in order where read[index] == nil { read[index] = .failure(error) }
            }
        }
        return read.withLock(\.self)
    }
}
