package import JSON

/// An exception as Celery keeps it: the client makes it anew and raises it.
package struct CeleryException: Sendable, Equatable {
    package let module: String
    package let type: String
    package let arguments: [JSONValue]

    /// As it stands in a result.
    package var json: JSONValue {
        [
            "exc_type": .string(type), "exc_message": .array(arguments),
            "exc_module": .string(module),
        ]
    }

    /// As Python prints it, for events and messages about it.
    package var text: String {
        "\(type)(\(arguments.map { PythonText.of($0) }.joined(separator: ", ")))"
    }
}

extension CeleryException {
    /// No task of this name is run here.
    static func notRegistered(_ task: String) -> CeleryException {
        CeleryException(
            module: "celery.exceptions",
            type: "NotRegistered",
            arguments: [.string(task)]
        )
    }

    /// A format that this program never opens.
    static func contentDisallowed(_ why: String) -> CeleryException {
        CeleryException(
            module: "kombu.exceptions",
            type: "ContentDisallowed",
            arguments: [.string(why)]
        )
    }

    static func decodeError(_ why: String) -> CeleryException {
        CeleryException(
            module: "kombu.exceptions",
            type: "DecodeError",
            arguments: [.string(why)]
        )
    }

    static func invalidTask(_ why: String) -> CeleryException {
        CeleryException(
            module: "celery.exceptions",
            type: "InvalidTaskError",
            arguments: [.string(why)]
        )
    }
}
