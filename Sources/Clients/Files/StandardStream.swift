internal import Glibc

/// Where this process writes for people.
package enum StandardStream: CInt, Sendable {
    case output = 1
    case error = 2

    /// Writes all of it, as few calls as the system allows, so that lines of several threads do not
    /// mix.
    ///
    /// What cannot be written is dropped: there is nobody left to tell. The C function is `write`.
    package func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                var descriptor = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
                // A terminal that takes nothing for a second is not waited for any longer.
                guard poll(&descriptor, 1, 1000) > 0 else { return }
                continue
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
