import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct JSONLReaderTests {
    private let folder = TemporaryFolder()

    private func plan(_ path: String, badRow: DatasetPlan.BadRow = .skip, maximumLength: Int = 64) -> DatasetPlan {
        DatasetPlan(type: "prompt_answer", path: path, maximumLength: maximumLength, badRow: badRow)
    }

    private func read(_ lines: [String], badRow: DatasetPlan.BadRow = .skip) throws -> JSONLReader.Content {
        try JSONLReader(plan(folder.file("d.jsonl", lines: lines), badRow: badRow), fields: .promptAndAnswer).read()
    }

    @Test func `rows keep their line numbers and ids default to them`() throws {
        let content = try read([
            #"{"prompt": "1+1=", "answer": "2", "id": "a"}"#, "", #"{"prompt": "2+2=", "answer": "4"}"#,
        ])
        #expect(
            content.rows == [
                PromptRow(line: 1, id: "a", prompt: "1+1=", answer: "2"),
                PromptRow(line: 3, id: "3", prompt: "2+2=", answer: "4"),
            ])
        #expect(content.skipped == 0)
    }

    @Test(arguments: [
        (#"{"prompt": "x", "anwser": "2"}"#, "the row has no 'answer'. Did you mean 'anwser'?"),
        (#"{"prompt": "x", "answer": 2}"#, "'answer' is a number, not text"),
        (#"{"prompt": "x", "answer": ""}"#, "'answer' is empty"),
        (#"["x"]"#, "the line is a list, not an object"),
        (#"{"prompt": "x", "answer": "2", "id": 1.5}"#, "'id' is a number, not text or a whole number"),
        (#"{"prompt": "x", "answer": "2", "id": "first"}"#, "the id 'first' is already that of line 1"),
        ("a\0b", "a NUL byte at byte 1"),
        (
            #"{"prompt": "\#(String(repeating: "x", count: 80))", "answer": "2"}"#,
            "the row has 82 tokens, the limit (dataset.max_length) is 64"
        ),
    ])
    func `a broken row is left out, counted and explained by file and line`(line: String, reason: String) throws {
        let content = try read([#"{"prompt": "1+1=", "answer": "2", "id": "first"}"#, line])
        #expect(content.rows.count == 1)
        #expect(content.skipped == 1)
        #expect(content.errors.map(\.summary) == ["\(folder.path)/d.jsonl:2: \(reason)"])
    }

    @Test func `where the plan says so the first broken row is fatal`() throws {
        let error = #expect(throws: DatasetError.self) {
            try read([#"{"prompt": "1+1=", "answer": "2"}"#, "{"], badRow: .fail)
        }
        #expect(error?.line == 2)
        #expect(error?.code == .badRow)
        #expect(error?.reason.hasPrefix("no JSON: ") == true)
        #expect(error?.exitCode == 2)
    }

    @Test func `invalid UTF-8 breaks its row only`() throws {
        let bytes = Array(#"{"prompt": "1", "answer": "2"}"#.utf8) + [0x0a, 0x22, 0xff, 0x22, 0x0a]
        let path = folder.file("d.jsonl", bytes)
        let content = try JSONLReader(plan(path), fields: .promptAndAnswer).read()
        #expect(content.rows.count == 1)
        #expect(content.errors.map(\.reason) == ["the line is no valid UTF-8"])
    }

    @Test func `a huge line is refused without being kept`() throws {
        let bytes =
            [UInt8](repeating: 0x61, count: LineReader.longestLine + 5)
            + Array("\n{\"prompt\": \"1\", \"answer\": \"2\"}".utf8)
        let path = folder.file("d.jsonl", bytes)
        let content = try JSONLReader(plan(path), fields: .promptAndAnswer).read()
        #expect(content.rows.map(\.line) == [2])
        #expect(content.errors.map(\.reason) == ["the line has 1048581 bytes, the limit is 1048576"])
    }

    @Test(arguments: [[UInt8](), Array("\n  \n".utf8)])
    func `a file without a row is an error that says so`(bytes: [UInt8]) throws {
        let path = folder.file("d.jsonl", bytes)
        let error = #expect(throws: DatasetError.self) { try JSONLReader(plan(path), fields: .prompt).read() }
        #expect(error?.code == .empty)
        #expect(error?.summary == "\(path): the file has no row")
    }

    @Test func `a file with broken rows only names the first of them`() throws {
        let error = #expect(throws: DatasetError.self) { try read(["1", "2"]) }
        #expect(error?.reason.contains("the first of 2") == true)
        #expect(error?.reason.contains("d.jsonl:1") == true)
    }

    @Test func `a missing file is an error with its path`() {
        let error = #expect(throws: DatasetError.self) { try JSONLReader(plan("/none.jsonl"), fields: .prompt).read() }
        #expect(error?.summary == "/none.jsonl: cannot be opened: No such file or directory")
    }

    @Test func `a byte order mark and carriage returns are no part of a row`() throws {
        let text = "{\"prompt\": \"1\", \"answer\": \"2\"}\r\n{\"prompt\": \"3\", \"answer\": \"4\"}\r\n"
        let path = folder.file("d.jsonl", [0xEF, 0xBB, 0xBF] + Array(text.utf8))
        let content = try JSONLReader(plan(path, badRow: .fail), fields: .promptAndAnswer).read()
        #expect(content.rows.map(\.prompt) == ["1", "3"])
    }

    @Test func `a prompt file needs no answers unless somebody asks for them`() throws {
        let path = folder.file("d.jsonl", lines: [#"{"prompt": "1"}"#])
        #expect(try JSONLReader(plan(path), fields: .prompt).read().rows.first?.answer == nil)
        #expect(throws: DatasetError.self) { try JSONLReader(plan(path), fields: .promptAndAnswer).read() }
    }

    @Test func `reading stops when there are rows enough`() throws {
        let path = folder.file("d.jsonl", lines: [#"{"prompt": "1"}"#, #"{"prompt": "2"}"#, "broken"])
        let content = try JSONLReader(plan(path, badRow: .fail), fields: .prompt).read(limit: 2)
        #expect(content.rows.count == 2)
    }
}
