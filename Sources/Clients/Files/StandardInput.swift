internal import Glibc

/// What a person types or pastes.
package enum StandardInput {
    /// Reads up to the next line feed, which is not part of the answer, or to the end.
    ///
    /// Waits on the calling thread.
    ///
    /// - Parameters:
    ///   - limit: longest line, in bytes.
    ///   - time: how long to wait for all of it.
    /// - Returns: `nil` when the time is over.
    /// - Throws: `FileError.tooLarge` when there is more.
    package static func readLine(
        limit: Int,
        within time: Duration
    ) throws(FileError) -> [UInt8]? {
        let end = ContinuousClock.now + time
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return nil }
            var waiting = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            let milliseconds = CInt(clamping: left.components.seconds * 1000 + 1)
            let ready = poll(&waiting, 1, milliseconds)
            if ready == 0 || (ready < 0 && errno == EINTR) { continue }
            // One byte at a time: what comes after the line belongs to whoever reads next.
            let got = Glibc.read(STDIN_FILENO, &byte, 1)
            if got < 0 {
                guard errno == EINTR || errno == EAGAIN else {
                    throw FileError(call: "read", code: errno)
                }
                continue
            }
            if got == 0 || byte == UInt8(ascii: "\n") { return line }
            line.append(byte)
            guard line.count <= limit else { throw .tooLarge(limit: limit) }
        }
    }
}
