import TestSupport
import Testing

/// Whoever meets an error finds it in the guide.
@Suite struct TroubleshootingTests {
    /// Errors of our own making, which only a mistake in the program can bring before a person.
    private static let internalErrors: Set = [
        "BenchmarkError", "BufferFull", "DataError", "DataflowError", "Refusal", "SequenceError",
    ]

    @Test func `the guide has an entry for every error, and for each of its codes`() throws {
        let guide = try SourceTree.text("docs/guide/troubleshooting.md")
        var missing: [String] = []
        var found = 0
        for module in try SourceTree.entries(of: "Sources") {
            for file in try SourceTree.files(under: "Sources/\(module)") {
                for name in Self.errors(in: file.lines) where !Self.internalErrors.contains(Self.type(of: name)) {
                    found += 1
                    if !guide.contains("`\(name)`") { missing.append(name) }
                }
            }
        }
        #expect(missing.sorted() == [], "docs/guide/troubleshooting.md lacks these")
        #expect(found > 50)
    }

    @Test func `the read me leads to it`() throws {
        #expect(try SourceTree.text("README.md").contains("docs/guide/troubleshooting.md"))
    }

    private static func type(of name: String) -> String { String(name.prefix { $0 != "." }) }

    /// `Type.case` for each case of an error's `Code`, or `Type` where it has none.
    private static func errors(in lines: [String]) -> [String] {
        guard let start = lines.firstIndex(where: { $0.contains("struct ") && $0.contains(": UserFacingError") }),
            let name = lines[start].split(separator: ":").first?.split(separator: " ").last
        else { return [] }
        guard let code = lines[start...].firstIndex(where: { $0.contains("enum Code") }) else { return [String(name)] }
        let body = lines[(code + 1)...].prefix { !$0.hasPrefix("    }") && !$0.hasPrefix("}") }
        return body.compactMap { line in
            let words = line.split(separator: " ")
            return words.first == "case" ? words.dropFirst().first.map { "\(name).\($0)" } : nil
        }
    }
}
