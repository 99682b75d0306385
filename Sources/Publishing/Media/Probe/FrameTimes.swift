/// How long frames are shown, gathered run by run.
struct FrameTimes {
    private(set) var frames = 0.0
    /// In units of the track.
    private(set) var length = 0.0
    /// Frames by their length; not more entries than runs were added.
    private var framesByLength: [UInt64: Double] = [:]

    mutating func add(_ count: UInt64, of length: UInt64) {
        guard count > 0 else { return }
        frames += Double(count)
        self.length += Double(count) * Double(length)
        framesByLength[length, default: 0] += Double(count)
    }

    mutating func add(_ other: FrameTimes) {
        for (length, frames) in other.framesByLength {
            self.frames += frames
            self.length += frames * Double(length)
            framesByLength[length, default: 0] += frames
        }
    }

    /// Whether every frame is shown equally long.
    var isSteady: Bool { framesByLength.count == 1 }

    /// - Parameter unitsPerSecond: of the track.
    /// - Returns: `nil` when there are no frames, or they take no time.
    func rate(_ unitsPerSecond: UInt64) -> FrameRate? {
        guard frames > 0, length > 0, unitsPerSecond > 0 else { return nil }
        let usual = framesByLength.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? 0
        return FrameRate(
            mean: frames * Double(unitsPerSecond) / length,
            usual: usual > 0 ? Double(unitsPerSecond) / Double(usual) : nil
        )
    }
}
