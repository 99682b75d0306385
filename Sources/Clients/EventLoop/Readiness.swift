internal import CLinux

/// What a descriptor is watched for, and what it turned out to be ready for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Bytes or a connection are waiting, or the other side has closed.
    package static let readable = Readiness(rawValue: 1)
    package static let writable = Readiness(rawValue: 2)

    var epollEvents: UInt32 {
        (contains(.readable) ? EPOLLIN.rawValue | EPOLLRDHUP.rawValue : 0)
            | (contains(.writable) ? EPOLLOUT.rawValue : 0)
    }

    /// An error or hang-up counts as both, so that whoever watches makes the call that reports it.
    init(epollEvents events: UInt32) {
        var ready: Readiness = []
        if events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0 { ready.insert(.readable) }
        if events & EPOLLOUT.rawValue != 0 { ready.insert(.writable) }
        if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 {
            ready = [.readable, .writable]
        }
        self = ready
    }
}
