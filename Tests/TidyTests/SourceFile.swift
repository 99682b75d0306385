import Foundation

/// A text file of the repository, as the rules see it.
struct SourceFile: Sendable {
    /// From the repository's root: "Sources/App/main.swift".
    let path: String
    let lines: [String]
    /// For Swift files; for others, everything is code and there are no literals.
    let swift: SwiftText

    init(path: String, text: String) {
        self.path = path
        lines = SwiftText.lines(Array(text.utf8))
        swift = path.hasSuffix(".swift") ? SwiftText(text) : SwiftText(plain: text)
    }

    var isSwift: Bool { path.hasSuffix(".swift") }

    func isUnder(_ folders: String...) -> Bool {
        folders.contains { path.hasPrefix($0) }
    }
}

/// A broken house rule, and where.
struct Violation: Equatable, CustomStringConvertible {
    let path: String
    /// From 1.
    let line: Int
    let message: String

    var description: String { "\(path):\(line): \(message)" }
}

/// The repository these tests were built from.
enum Repository {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Text files under the folders that hold our own; other files (videos) are left out.
    static let files: [SourceFile] = {
        ["Sources", "Tests", "deploy", ".ci"].flatMap(paths).sorted().compactMap { path in
            // What is no text is not ours to judge.
            let text = try? String(contentsOf: root.appending(path: path), encoding: .utf8)
            return text.map { SourceFile(path: path, text: $0) }
        } + ["Package.swift"].map { SourceFile(path: $0, text: text(of: $0)) }
    }()

    static func text(of path: String) -> String {
        // A missing file has no rules to break.
        (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) ?? ""
    }

    private static func paths(under folder: String) -> [String] {
        let manager = FileManager.default
        guard let names = manager.enumerator(atPath: root.appending(path: folder).path) else {
            return []
        }
        return names.compactMap { $0 as? String }.map { "\(folder)/\($0)" }.filter { path in
            var isFolder: ObjCBool = false
            let exists = manager.fileExists(
                atPath: root.appending(path: path).path,
                isDirectory: &isFolder
            )
            return exists && !isFolder.boolValue
        }
    }
}
