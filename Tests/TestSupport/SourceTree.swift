import Foundation

/// The repository's own files, for tests about its shape.
package enum SourceTree {
    /// The folder that holds Package.swift.
    package static let root: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    /// One Swift or C file, by its path from the root.
    package struct File: Sendable {
        package let path: String
        package let lines: [String]

        /// `Sources/Store/Reading/X.swift` → `Store`.
        package var module: String { String(path.split(separator: "/")[1]) }
        package var isGenerated: Bool { path.contains("/Generated/") }

        /// Modules this file imports, whatever the access level or attribute of the import.
        package var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ").drop {
                    $0.hasPrefix("@") || Self.accessLevels.contains(String($0))
                }
                guard words.first == "import", let name = words.dropFirst().last else { return nil }
                return name.split(separator: ".").first.map(String.init)
            }
        }

        private static let accessLevels: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
    }

    /// Every file under `folder` with one of `extensions`.
    package static func files(under folder: String, extensions: Set<String> = ["swift"]) throws -> [File] {
        let base = "\(root)/\(folder)"
        guard let walker = FileManager.default.enumerator(atPath: base) else { return [] }
        var files: [File] = []
        for case let path as String in walker where extensions.contains((path as NSString).pathExtension) {
            let text = try String(contentsOfFile: "\(base)/\(path)", encoding: .utf8)
            files.append(File(path: "\(folder)/\(path)", lines: text.components(separatedBy: "\n")))
        }
        return files.sorted { $0.path < $1.path }
    }

    package static func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
    }

    package static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(root)/\(path)") }

    /// Names in a folder, without hidden ones.
    package static func entries(of folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)").filter { !$0.hasPrefix(".") }.sorted()
    }
}
