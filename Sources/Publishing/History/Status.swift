/// The column `status`: where a job stands, for dashboards.
package enum Status: String, Sendable, CaseIterable {
    case waiting, preparing, uploading, processing
    case published, delivered, failed
    case inDoubt = "in_doubt"
    case rejected, expired, cancelled

    /// Whether the job has ended; such a row never goes back.
    package var isFinal: Bool {
        switch self {
        case .waiting, .preparing, .uploading, .processing: false
        case .published, .delivered, .failed, .inDoubt, .rejected, .expired, .cancelled: true
        }
    }

    /// Whether the post reached TikTok as asked.
    package var isSuccess: Bool {
        self == .published || self == .delivered
    }

    static let final = allCases.filter(\.isFinal).map(\.rawValue)
}
