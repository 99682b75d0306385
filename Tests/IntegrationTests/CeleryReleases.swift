import Support
import Testing

extension Trait where Self == ConditionTrait {
    /// Needs a Python with that release of Celery; skipped, and said so, where PyPI is away.
    static func needs(_ releases: CeleryRelease...) -> ConditionTrait {
        .enabled("PyPI cannot be reached: not tested against Celery") {
            for release in releases where try await !PythonEnvironment.exists(with: release) {
                return false
            }
            return true
        }
    }
}
