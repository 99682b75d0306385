/// Names of monitoring and remote control.
extension CeleryKeys {
    /// What lets Redis take what Celery's tools and clients want of a worker.
    static let permissionsRemedy =
        "give the worker's Redis user Celery's channels and keys, as README.md says"

    static let eventExchange = "celeryev"
    static let controlExchange = "celery.pidbox"

    /// Channels belong to no database, so their names say which one is meant.
    static func eventChannel(_ key: String, database: Int) -> String {
        "/\(database).\(eventExchange)/\(key)"
    }

    package static func controlChannel(database: Int) -> String {
        "/\(database).\(controlExchange)"
    }

    /// Where whoever asked waits for answers.
    static func replyQueue(of exchange: String, routingKey: String) -> String {
        "\(routingKey).\(exchange)"
    }
}
