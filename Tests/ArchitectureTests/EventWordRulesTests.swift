import Protocol
import TestSupport
import Testing

/// Producers and readers share event words: what a screen looks for, somebody sends.
@Suite struct EventWordRulesTests {
    private static func text(of modules: [String]) throws -> String {
        try modules.flatMap { try SourceTree.files(under: "Sources/\($0)") }.flatMap(\.lines).joined(separator: "\n")
    }

    /// `case storeRefused = …` of `storeRefused`.
    private static func caseName(_ word: some Any) -> String { "\(word)" }

    private static let senders = ["Workers", "Orchestrator", "Store"]

    @Test(arguments: LifecycleKind.allCases)
    func `each kind of event is sent`(kind: LifecycleKind) throws {
        let text = try Self.text(of: Self.senders)
        let name = Self.caseName(kind)
        let isSent = ["kind: .\(name)", "? .\(name)", ": .\(name)"].contains { text.contains($0) }
        #expect(isSent, "\(name) is looked for and never sent")
    }

    @Test(arguments: MetricName.allCases)
    func `each series that is looked for is sent`(name: MetricName) throws {
        let text = try Self.text(of: ["Workers"])
        // An interface writes its own name before those of its numbers.
        let parts = name.rawValue.split(separator: "/")
        let isSent =
            text.contains("Metric(.\(Self.caseName(name))") || text.contains("\"\(name.rawValue)\"")
            || (parts.count == 2 && text.contains("metric(\"\(parts[1])\"")
                && text.contains("\"\(parts[0])/\\(name)\""))
        #expect(isSent, "\(name.rawValue) is looked for and never sent")
    }

    @Test func `screens look for words by their type`() throws {
        let words = LifecycleKind.allCases.map(\.rawValue) + MetricName.allCases.map(\.rawValue)
        for file in try SourceTree.files(under: "Sources/Cockpit") {
            for line in file.lines {
                for word in words where line.contains("== \"\(word)\"") || line.contains("(\"\(word)\")") {
                    Issue.record("\(file.path) looks for \"\(word)\" by its text")
                }
            }
        }
    }
}
