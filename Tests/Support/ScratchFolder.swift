internal import Foundation
package import PrivateServers

/// A throw-away folder of one test; everything in it goes with the last owner.
package final class ScratchFolder: Sendable {
    package let path: String

    /// - Parameter name: what the folder's name begins with.
    package init(_ name: String) throws {
        path = try TemporaryFolder.shared().makeFolder(name)
    }

    deinit {
        // What is left goes with this process.
        try? FileManager.default.removeItem(atPath: path)
    }
}

extension TemporaryFolder {
    /// The one of this process, for tests that need none of their own.
    package static func shared() throws -> TemporaryFolder { try sharing.get() }

    private static let sharing = Result { () throws(PrivateServerError) in try TemporaryFolder() }
}
