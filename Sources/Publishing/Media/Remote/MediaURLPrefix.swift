internal import Files
package import HTTP
internal import TikTok

/// The public address of the media folder, where TikTok fetches what jobs name by a path.
///
/// TikTok fetches only from addresses whose owner has verified them with it.
package struct MediaURLPrefix: Sendable, Equatable {
    /// Normalised, with a slash at its end.
    package let text: String
    private let allowed: AllowedHosts

    /// - Throws: `URLRefusal`; `.malformed` also for a prefix with a query, which no path can
    ///   follow.
    package init(_ text: String, allowed: AllowedHosts) throws(URLRefusal) {
        let guarded = try GuardedURL(text.hasSuffix("/") ? text : text + "/", allowed: allowed)
        guard !text.contains("?"), !text.contains("#"),
            RelativeName.brokenRule(ofEncoded: guarded.url.path) == nil
        else { throw .malformed(.malformed("a query or a path that leads elsewhere")) }
        self.text = guarded.url.text
        self.allowed = allowed
    }

    /// The address of a file below the media folder.
    ///
    /// - Throws: `Stop.refused` for a path that would also be refused as a file's.
    package func address(of path: String) throws(Stop) -> GuardedURL {
        let name: RelativeName
        do throws(FileError) {
            name = try RelativeName(path)
        } catch {
            throw Stop(error)
        }
        let address = try GuardedURL(media: text + Self.encoded(name), allowed: allowed)
        // What normalising made of it must still be below the prefix.
        guard address.url.text.hasPrefix(text) else {
            throw .refused(.mediaPathRefused("its address leads out of the public prefix"))
        }
        return address
    }

    /// Percent-encoded part by part; what a file system ignores in a name is left out.
    private static func encoded(_ name: RelativeName) -> String {
        name.text.split(separator: "/").filter { $0 != "." }
            .map { String($0).percentEncoded }
            .joined(separator: "/")
    }
}

extension GuardedURL {
    /// An address that a job gives for its media.
    ///
    /// - Throws: `Stop.refused`; nothing has been asked of anybody then.
    init(media text: String, allowed: AllowedHosts) throws(Stop) {
        do throws(URLRefusal) {
            try self.init(text, allowed: allowed)
        } catch {
            throw .refused(.mediaURLRefused(error.description))
        }
        // curl has resolved plain ".." parts by now, so the text is looked at as well.
        let written = text.prefix { $0 != "?" && $0 != "#" }
        for path in [url.path, String(written)] {
            if let rule = RelativeName.brokenRule(ofEncoded: path) {
                throw .refused(.mediaURLRefused("\(rule.rawValue) in its path"))
            }
        }
    }
}
