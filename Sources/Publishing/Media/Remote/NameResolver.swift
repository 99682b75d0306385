internal import Files
package import HTTP

/// Asks the system's resolver on threads of its own, and waits for it no longer than a deadline.
///
/// A question that nobody answers keeps its thread until the system gives up; the others go on.
package struct NameResolver: HostResolver {
    private let threads = BlockingThreads(name: "resolver", count: 8)
    private let limit: Duration
    private let lookUp: @Sendable (String) throws -> [[UInt8]]

    package init(limit: Duration = .seconds(10)) {
        self.init(limit: limit) { try SystemResolver.addresses(of: $0) }
    }

    init(limit: Duration, lookUp: @escaping @Sendable (String) throws -> [[UInt8]]) {
        self.limit = limit
        self.lookUp = lookUp
    }

    package func addresses(of host: String) async throws(HostResolverError) -> [[UInt8]] {
        let question = Task { [threads, lookUp] in
            try await threads.run { try lookUp(host) }
        }
        let alarm = Task { [limit] in
            try await Task.sleep(for: limit)
            question.cancel()
        }
        defer { alarm.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await question.value
            } onCancel: {
                question.cancel()
            }
        } catch let error as HostResolverError {
            throw error
        } catch {
            throw Task.isCancelled ? .cancelled : .unanswered("no answer within \(limit)")
        }
    }
}
