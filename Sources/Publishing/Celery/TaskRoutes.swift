/// Pure: where tasks go whose message names no queue, as the upstream app's own workers would have
/// it.
package struct TaskRoutes: Sendable {
    /// Where all go that no route is for.
    let usual: String
    private let routes: [Route]

    /// The task of a name, or tasks whose names match a pattern with `*` and `?`.
    package struct Route: Sendable, Equatable {
        let pattern: String
        let queue: String

        package init(pattern: String, queue: String) {
            self.pattern = pattern
            self.queue = queue
        }
    }

    /// - Parameter routes: the task's own name counts before patterns, and of these the first that
    ///   fits (celery 5.7.0, app/routes.py `MapRoute`).
    package init(usual: String, routes: [Route] = []) {
        self.usual = usual
        self.routes = routes
    }

    func queue(of task: String) -> String {
        let route =
            routes.first { $0.pattern == task }
            ?? routes.first { Glob.matches(Array($0.pattern.utf8), Array(task.utf8)) }
        return route?.queue ?? usual
    }

    /// As `inspect conf` shows them.
    package var settings: [String: String] {
        Dictionary(routes.map { ($0.pattern, $0.queue) }) { first, _ in first }
    }
}
