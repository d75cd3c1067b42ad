import TestSupport
import Testing

/// docs/design/style.md, "Files, types, functions": a file holds one idea, a function does one thing.
@Suite struct SizeRulesTests {
    private static func sources() throws -> [SourceTree.File] {
        (try SourceTree.files(under: "Sources") + SourceTree.files(under: "Tests")).filter { !$0.isGenerated }
    }

    @Test func `no file is longer than 500 lines`() throws {
        for file in try Self.sources() {
            #expect(file.lines.count <= 501, "\(file.path) has \(file.lines.count - 1) lines")
        }
    }

    @Test func `no function is longer than 80 lines`() throws {
        for file in try Self.sources() {
            for function in Self.functions(in: file.lines) where function.length > 80 {
                Issue.record("\(file.path):\(function.line) is \(function.length) lines long")
            }
        }
    }

    @Test func `nothing in the sources is left for later or traps on purpose`() throws {
        let forbidden = ["TODO", "FIXME", "XXX", "fatalError(", "try!", "Thread.sleep", "Task.sleep", "usleep("]
        for file in try SourceTree.files(under: "Sources") where !file.isGenerated {
            for (index, line) in file.lines.enumerated() {
                for word in forbidden where line.contains(word) {
                    Issue.record("\(file.path):\(index + 1) contains \(word)")
                }
            }
        }
    }

    @Test func `every unchecked promise to the compiler says why it holds`() throws {
        for file in try SourceTree.files(under: "Sources") where !file.isGenerated {
            for (index, line) in file.lines.enumerated()
            where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
                let around = file.lines[max(0, index - 12)...min(index + 4, file.lines.count - 1)]
                #expect(around.contains { $0.contains("SAFETY:") }, "\(file.path):\(index + 1) has no SAFETY line")
            }
        }
    }

    private struct Function {
        let line: Int
        let length: Int
    }

    /// Functions by indentation: swift-format guarantees that a body's closing brace stands under its `func`.
    private static func functions(in lines: [String]) -> [Function] {
        var found: [Function] = []
        for (start, line) in lines.enumerated() {
            let words = line.split(separator: " ")
            guard words.contains("func") || words.first?.hasPrefix("init(") == true, !line.hasSuffix("}") else {
                continue
            }
            let indent = line.prefix { $0 == " " }
            guard let end = lines[start...].firstIndex(where: { $0 == indent + "}" }) else { continue }
            found.append(Function(line: start + 1, length: end - start + 1))
        }
        return found
    }
}
