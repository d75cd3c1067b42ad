import TestSupport
import Testing

/// Documents that name files must name files that exist.
@Suite struct DocumentTests {
    private static let documents = [
        "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/glossary.md", "docs/design/README.md",
        "docs/design/decisions.md", "docs/design/style.md",
    ]

    /// What tests and sources cite of the design must be in it.
    @Test func `every cited decision and heading of style is there`() throws {
        let decisions = try SourceTree.text("docs/design/decisions.md"),
            style = try SourceTree.text("docs/design/style.md")
        let files = try SourceTree.files(under: "Sources") + SourceTree.files(under: "Tests")
        var cited = 0
        for file in files {
            for line in file.lines where line.contains("docs/design/") && line.contains("///") {
                for match in line.matches(of: /decision ([0-9]+)/) {
                    cited += 1
                    #expect(decisions.contains("\n## \(match.1). "), "\(file.path) cites decision \(match.1)")
                }
                for match in line.matches(of: /style\.md, "([^"]+)"/) {
                    cited += 1
                    #expect(style.contains("\n## \(match.1)\n"), "\(file.path) cites \(match.1)")
                }
            }
        }
        #expect(cited >= 2)
    }

    @Test func `links between pages of the guide and the design lead somewhere`() throws {
        for page in try SourceTree.files(under: "docs", extensions: ["md"]) {
            let folder = page.path.split(separator: "/").dropLast().joined(separator: "/")
            for match in page.lines.joined(separator: "\n").matches(of: /\]\(([^)#:]+)\)/) {
                #expect(SourceTree.exists("\(folder)/\(match.1)"), "\(page.path) links to \(match.1)")
            }
        }
    }

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
