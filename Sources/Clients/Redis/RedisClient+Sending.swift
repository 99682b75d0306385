/// Commands whose refusal is an error of the call.
extension RedisClient {
    /// Sends a command and waits for its answer.
    ///
    /// - Parameters:
    ///   - arguments: the command and its arguments.
    ///   - timeout: instead of the client's own; includes the wait for a connection.
    /// - Returns: the answer, never a `.failure`.
    /// - Throws: `RedisError.refused` when the server answers with an error. When the task is
    ///   cancelled, `.cancelled` at once; the answer is dropped when it comes.
    package func send(
        _ arguments: [RedisArgument],
        timeout: Duration? = nil
    ) async throws(RedisError) -> RedisValue {
        try await sendAll([arguments], timeout: timeout)[0]
    }

    /// Sends commands as `pipeline` does, where each must be taken.
    ///
    /// - Throws: as `pipeline`, and `RedisError.refused` with the first refusal; the commands after
    ///   a refused one are carried out all the same.
    @discardableResult
    package func sendAll(
        _ commands: [[RedisArgument]],
        timeout: Duration? = nil
    ) async throws(RedisError) -> [RedisValue] {
        let answers = try await pipeline(commands, timeout: timeout)
        if let failure = answers.lazy.compactMap(\.failure).first { throw .refused(failure) }
        return answers
    }
}
