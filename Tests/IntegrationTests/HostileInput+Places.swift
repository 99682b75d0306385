/// Paths out of the media folder, and addresses that lead where nothing must be asked.
extension HostileInput {
    private static func path(_ name: String, _ path: String, _ says: String) -> HostileInput {
        video(name, path, "media_path_refused", says)
    }

    private static func literal(_ name: String, _ path: String) -> HostileInput {
        video(name, path, "media_not_found", "does not exist below MEDIA_ROOT")
    }

    private static let up = "has a \"..\" part"

    static let paths: [HostileInput] = [
        path("one folder up", "../canary.mp4", up),
        path("up through a folder", "folder/../../canary.mp4", up),
        path("up at the end", "folder/..", up),
        path("absolute", "/etc/passwd", "is absolute"),
        path("own environment", "/proc/self/environ", "is absolute"),
        path("link to a file outside", "out.mp4", "leads out of MEDIA_ROOT"),
        path("absolute link to a file inside", "absolute.mp4", "leads out of MEDIA_ROOT"),
        path("link to a folder outside", "away/passwd", "leads out of MEDIA_ROOT"),
        path("link to proc", "process/self/root/etc/passwd", "leads out of MEDIA_ROOT"),
        path("link to a device", "null.mp4", "leads out of MEDIA_ROOT"),
        path("link to itself", "round.mp4", "goes through a link to nowhere"),
        path("slash at the end", "good.mp4/", "ends with a slash"),
        path("no name at all", "", "is empty"),
        path("name of 256 bytes", String(repeating: "a", count: 256), "255"),
        path("path of 4097 bytes", String(repeating: "ab/", count: 1366), "4096 bytes"),
        path("129 folders", String(repeating: "a/", count: 129) + "b", "128 folders"),
        path("backslashes", "..\\canary.mp4", "has a backslash"),
        path("drive letter", "C:\\canary.mp4", "has a backslash"),
        path("full width dots", "\u{FF0E}\u{FF0E}/canary.mp4", up),
        path("full width slash", "..\u{FF0F}canary.mp4", up),
        path("division slash", "..\u{2215}canary.mp4", up),
        path("two dot leader", "\u{2025}/canary.mp4", up),
        path("escape character", "a\u{1B}[2Jb.mp4", "has a control character"),
        path("line break", "good.mp4\r\nX: y", "has a control character"),
        path("second set of controls", "a\u{85}b.mp4", "has a control character"),
        // In a file's name a percent sign is a letter like any other.
        literal("percent dots", "%2e%2e/canary.mp4"),
        literal("percent slash", "..%2fcanary.mp4"),
        literal("percent twice", "%252e%252e%252fcanary.mp4"),
        literal("overlong dots", "%c0%ae%c0%ae/canary.mp4"),
        literal("turned around", "\u{202E}4pm.yranac"),
        video("the folder itself", ".", "media_not_a_file", "a folder, not a file"),
        video("a folder", "folder", "media_not_a_file", "a folder, not a file"),
        video("a pipe", "pipe.mp4", "media_not_a_file", "a pipe, not a file"),
        video("a socket", "socket.mp4", "media_not_a_file", "a socket, not a file"),
    ]

    private static func address(_ name: String, _ text: String, _ says: String) -> HostileInput {
        video(name, text, "media_url_refused", says)
    }

    /// Refused by their text alone: nobody is asked for an address, nothing is connected to.
    static let addresses: [HostileInput] = [
        address("short loopback", "http://127.1", "a loopback address"),
        address("decimal loopback", "http://2130706433", "a loopback address"),
        address("hexadecimal loopback", "http://0x7f.1", "a loopback address"),
        address("octal loopback", "http://0177.0.0.1", "a loopback address"),
        address("mapped loopback", "http://[::ffff:127.0.0.1]", "a loopback address"),
        address("mapped in hexadecimal", "http://[::ffff:7f00:1]", "a loopback address"),
        address("translated loopback", "http://[64:ff9b::7f00:1]", "around an IPv4 address"),
        address("6to4 loopback", "http://[2002:7f00:1::]", "around an IPv4 address"),
        address("interface", "http://[fe80::1%25eth0]", "names an interface"),
        address("cloud", "http://169.254.169.254/latest/meta-data/", "a link-local address"),
        address("cloud by IPv6".lowercased(), "http://[fd00:ec2::254]", "a private network"),
        address("user", "http://user@host", "a user name or a password"),
        address("host as user", "https://good.example@127.0.0.1", "a user name or a password"),
        address("backslash before at", "https://host\\@127.0.0.1", "has a backslash"),
        address("port of ssh", "https://host.example:22", "names port 22"),
        address(
            "line break in an address",
            "https://host.example/a\r\nHost: b",
            "control character"
        ),
        address("full width digits", "https://\u{FF11}\u{FF12}\u{FF17}.0.0.1/", "outside ASCII"),
        address("percent digits", "https://%31%32%37.0.0.1/", "a loopback address"),
        address("nothing at all", "https://[::]/", "an unspecified address"),
        address("public address", "https://8.8.8.8/", "a public address in the place of a name"),
        address("localhost", "https://localhost/a.mp4", "the internet does not know"),
        address("database", "https://postgres:443/a.mp4", "the internet does not know"),
        address("metadata host", "https://metadata.google.internal/", "does not know"),
        address("plain http", "http://host.example/a.mp4", "is http; https is required"),
        address("dot at the end", "https://127.0.0.1./", "a host that is no name"),
        address("file", "file:///etc/passwd", "cannot be read"),
        address("gopher", "gopher://127.0.0.1:6379/_FLUSHALL", "does not begin with https://"),
        address(
            "overlong",
            "https://host.example/" + String(repeating: "a", count: 17_000),
            "longer"
        ),
    ]

    /// For the worker that may fetch from this machine: what the host itself makes of it.
    static let odd: [HostileInput] = [
        photos("redirect inside", ["ODDredirect"], "media_url_redirects", "HTTP 302"),
        photos("signed in only", ["ODDforbidden"], "media_url_unavailable", "HTTP 403"),
        photos("compressed", ["ODDencoded"], "media_url_encoded", "compresses the file"),
        photos("another host", ["https://cdn.example/a.jpg"], "media_url_refused", "not allow"),
        photos("another loopback", ["http://127.0.0.2/a.jpg"], "media_url_refused", "a loopback"),
        photos("photo by a path up", ["good.jpg", "../a.jpg"], "media_path_refused", "photos[1]"),
        photos("photo hidden twice", ["%2e%2e/a.jpg"], "media_url_refused", "second encoding"),
        photos("dots in an address", ["FILES%2e%2e/a.jpg"], "media_url_refused", up),
        photos("plain dots in an address", ["FILESa/../../b.jpg"], "media_url_refused", up),
        photos("backslash in an address", ["FILESa%5Cb.jpg"], "media_url_refused", "backslash"),
        photos("overlong in an address", ["FILES%c0%ae/b"], "media_url_refused", "encodes no text"),
        photos("NUL in an address".lowercased(), ["FILESa%00.jpg"], "media_url_refused", "control"),
    ]
}
