internal import TikTok

/// Failures of the files that jobs name: one entry a code.
extension Failure {
    static let mediaRootMissing = Failure(
        "media_root_unset",
        .operator,
        "The job names a file, and MEDIA_ROOT is not set.",
        action:
            "Set MEDIA_ROOT to the folder that holds the media and restart the worker, "
            + "then \(again)."
    )

    static let mediaNotFound = Failure(
        "media_not_found",
        .upstream,
        "The file does not exist below MEDIA_ROOT.",
        action: "Put the file there, then \(again)."
    )

    static func mediaPathRefused(_ rule: String) -> Failure {
        Failure(
            "media_path_refused",
            .upstream,
            "The path of the file was refused: \(rule).",
            action:
                "Name a file below MEDIA_ROOT by its relative path, "
                + "then push the job again under a new id."
        )
    }

    static func mediaNotAFile(_ kind: String) -> Failure {
        Failure(
            "media_not_a_file",
            .upstream,
            "The path names \(kind), not a file.",
            action: "Put a regular file there, then \(again)."
        )
    }

    static let mediaForbidden = Failure(
        "media_forbidden",
        .operator,
        "The worker may not read the file.",
        action:
            "Let the worker's user read the files below MEDIA_ROOT, then \(again)."
    )

    static func mediaUnreadable(_ reason: String) -> Failure {
        Failure(
            "media_unreadable",
            .operator,
            "The file cannot be read: \(reason).",
            action: "Check the disk or mount below MEDIA_ROOT; it is tried again."
        )
    }

    static let mediaEmpty = Failure(
        "media_empty",
        .upstream,
        "The file is empty.",
        action:
            "Write the whole file before the job is pushed; now \(again)."
    )

    static let mediaChanged = Failure(
        "media_changed",
        .upstream,
        "The file changed while it was being uploaded.",
        action: "Do not touch a file once its job is pushed; now \(again)."
    )

    /// A video that no plan of chunks fits.
    static func mediaTooLarge(_ bytes: Int64) -> Failure {
        mediaRefused(nil, [.tooLarge(bytes, most: UploadLimits.videoBytesMax)])
    }

    /// - Parameters:
    ///   - name: what the job calls the file.
    ///   - refusals: one or more; the first gives the failure its code.
    static func mediaRefused(_ name: String?, _ refusals: [MediaRefusal]) -> Failure {
        // A word that comes up twice is said once.
        let remedies = refusals.map(\.remedy).reduce(into: [String]()) { all, remedy in
            if !all.contains(remedy) { all.append(remedy) }
        }
        let subject = name.map { "\($0.cleaned(limit: nameCharactersMax)): " } ?? ""
        return Failure(
            refusals.first?.code ?? "media_refused",
            .upstream,
            subject + refusals.map(\.finding).joined(separator: " "),
            action: remedies.joined(separator: ". ") + ", then \(again)."
        )
    }

    /// What is shown of a name, in characters.
    private static let nameCharactersMax = 200
}

/// One reason why TikTok would not take a file, found in its headers.
package struct MediaRefusal: Sendable, Equatable {
    /// See `Failure.code`.
    package let code: String
    /// What was measured, and what the limit is.
    package let finding: String
    /// What to do about it; the same words for every file, so that they can be counted.
    package let remedy: String

    private init(_ code: String, _ finding: String, remedy: String) {
        self.code = "media_\(code)"
        self.finding = finding
        self.remedy = remedy
    }

    // MARK: What the file is

    static func notAVideo(_ kind: MediaKind) -> MediaRefusal {
        MediaRefusal(
            "type_unknown",
            kind.words.map { "The file is \($0); TikTok takes MP4, MOV and WebM videos." }
                ?? "The file is no MP4, MOV or WebM video.",
            remedy: "Export the video as MP4 with H.264"
        )
    }

    static func notAPhoto(_ kind: MediaKind) -> MediaRefusal {
        MediaRefusal(
            "type_unknown",
            kind.words.map { "The file is \($0); TikTok takes JPEG and WebP pictures." }
                ?? "The file is no JPEG or WebP picture.",
            remedy: "Export the picture as JPEG"
        )
    }

    static func damaged(_ damage: MediaDamage) -> MediaRefusal {
        switch damage {
        case .cutOff(let missing):
            MediaRefusal(
                "incomplete",
                "The file is cut off: it ends \(missing) bytes before its content does.",
                remedy: "Write the whole file before the job is pushed"
            )
        case .broken(let place):
            MediaRefusal(
                "damaged",
                "The file is damaged: what stands at byte \(place) does not fit its surroundings.",
                remedy: "Export the file again"
            )
        case .noIndex(let part):
            MediaRefusal(
                "damaged",
                "The file is damaged: the part that says how to play it (\(part)) is missing.",
                remedy: "Export the file again"
            )
        case .noContent:
            MediaRefusal(
                "incomplete",
                "The file is cut off: it has an index and no content.",
                remedy: "Write the whole file before the job is pushed"
            )
        }
    }

    static func tooLarge(_ bytes: Int64, most: Int64) -> MediaRefusal {
        MediaRefusal(
            "too_large",
            "The file has \(bytes) bytes; TikTok takes at most \(most).",
            remedy: "Export it smaller"
        )
    }

    /// One that was given up before its end.
    static func tooLarge(moreThan most: Int64) -> MediaRefusal {
        MediaRefusal(
            "too_large",
            "The file has more than \(most) bytes; TikTok takes at most so many.",
            remedy: "Export it smaller"
        )
    }

    // MARK: What is in it

    static let noPictures = MediaRefusal(
        "no_pictures",
        "The file has no video track.",
        remedy: "Export a video with pictures"
    )

    static func codec(_ name: String) -> MediaRefusal {
        MediaRefusal(
            "codec",
            "The pictures are encoded as \(name); TikTok takes "
                + UploadLimits.videoCodecs.joined(separator: ", ") + ".",
            remedy: "Export the video as MP4 with H.264"
        )
    }

    static func videoSize(_ size: PictureSize) -> MediaRefusal {
        let limits = UploadLimits.videoSidePixels
        let range = "\(limits.lowerBound) to \(limits.upperBound) pixels"
        return MediaRefusal(
            "picture_size",
            "The picture has \(size.width) × \(size.height) pixels; TikTok takes \(range) a side.",
            remedy: "Export it with \(range) a side"
        )
    }

    static func frameRate(_ rate: Double) -> MediaRefusal {
        let limits = UploadLimits.framesPerSecond
        let range = "\(limits.lowerBound.short) to \(limits.upperBound.short)"
        return MediaRefusal(
            "frame_rate",
            "The video has \(rate.short) frames a second; TikTok takes \(range).",
            remedy: "Export it at \(range) frames a second"
        )
    }

    static func tooLong(_ seconds: Double, most: Int64) -> MediaRefusal {
        MediaRefusal(
            "too_long",
            "The video is \(seconds.short) seconds long; "
                + "TikTok takes at most \(most) for this post.",
            remedy: "Shorten it"
        )
    }

    // MARK: Photos

    static func photoSize(_ size: PictureSize) -> MediaRefusal {
        let most = UploadLimits.photoShortSidePixelsMax
        return MediaRefusal(
            "picture_size",
            "The picture has \(size.width) × \(size.height) pixels; "
                + "TikTok takes at most \(most) on the shorter side.",
            remedy: "Export it with at most \(most) pixels on the shorter side"
        )
    }

    static let animated = MediaRefusal(
        "animated",
        "The picture is animated; TikTok takes still pictures.",
        remedy: "Export one frame of it as JPEG"
    )
}

extension Double {
    /// At most two decimals, for people.
    fileprivate var short: String {
        // Numbers from outside may be anything.
        guard isFinite, magnitude < 1e12 else { return "a huge number of" }
        let hundredths = Int((self * 100).rounded())
        let decimals = hundredths % 100
        guard decimals != 0 else { return "\(hundredths / 100)" }
        let digits =
            decimals % 10 == 0 ? "\(decimals / 10)" : (decimals < 10 ? "0" : "") + "\(decimals)"
        return "\(hundredths / 100).\(digits)"
    }
}
