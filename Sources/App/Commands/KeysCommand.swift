internal import Crypto

extension Command {
    static let keys = Command(
        name: "keys",
        synopsis: "new",
        summary: "makes a key for CRYPTOGRAPHY_KEY",
        help: """
            new   prints a fresh key: 32 random bytes in base64url, as Python's cryptography makes
                  them.

            CRYPTOGRAPHY_KEY takes several keys, separated by commas: the first encrypts, all
            decrypt. To change keys, put the new one in front and keep the old one until nothing
            uses it.
            """,
        words: 1...1,
        run: { arguments, console in
            guard arguments.words == ["new"] else {
                throw CommandFailure("keys knows only `new`", code: .badUsage)
            }
            console.out(try FernetKey.generate().text)
            return .done
        }
    )
}
