import TestSupport
import Testing

/// Documents that name files must name files that exist.
@Suite struct DocumentTests {
    private static let documents = [
        "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/glossary.md",
    ]

    @Test(arguments: documents)
    func `a document exists and names only files that exist`(document: String) throws {
        let text = try SourceTree.text(document)
        #expect(!text.isEmpty)
        for path in Self.paths(in: text) {
            #expect(SourceTree.exists(path), "\(document) names \(path)")
        }
    }

    @Test func `the architecture fits in two hundred lines`() throws {
        #expect(
            try SourceTree.text("ARCHITECTURE.md").split(separator: "\n", omittingEmptySubsequences: false).count <= 200
        )
    }

    @Test func `the read me shows its two commands and a picture`() throws {
        let text = try SourceTree.text("README.md")
        #expect(text.contains("scripts/demo"))
        #expect(text.contains("scripts/test"))
        #expect(text.contains("](docs/images/"))
    }

    @Test func `every folder of the sources is named in the architecture or holds no Swift`() throws {
        let text = try SourceTree.text("ARCHITECTURE.md")
        for module in try SourceTree.entries(of: "Sources") {
            for folder in try SourceTree.entries(of: "Sources/\(module)") where !folder.hasSuffix(".swift") {
                #expect(text.contains("\(folder)"), "ARCHITECTURE.md does not name Sources/\(module)/\(folder)")
            }
        }
    }

    /// Words in back-ticks or links that look like paths of this repository.
    private static func paths(in text: String) -> [String] {
        let roots = ["Sources/", "Tests/", "scripts/", "docs/", "themes/", "Benchmarks/"]
        return text.split { "`()[] \n\t,;".contains($0) }.map(String.init).filter { word in
            roots.contains { word.hasPrefix($0) } && !word.contains("*") && !word.contains("<") && !word.contains("{")
                && !word.contains("…")
        }.map { $0.hasSuffix(".") || $0.hasSuffix(":") ? String($0.dropLast()) : $0 }
    }
}
