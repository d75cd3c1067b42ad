import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct JSONLReaderTests {
    private let folder = TemporaryFolder()

    private func plan(_ path: String, badRow: DatasetPlan.BadRow = .skip, limit: Double = 1) -> DatasetPlan {
        DatasetPlan(type: "prompt_answer", path: path, maximumLength: 64, badRow: badRow, badRowLimit: limit)
    }

    private func read(
        _ plan: DatasetPlan, answer: PromptRow.Answer = .required, _ amount: JSONLReader.Amount = .all
    ) throws(DatasetError) -> DatasetContent<PromptRow> {
        try JSONLReader(plan).read(amount) { record throws(RowFault) in try PromptRow(record, answer: answer) }
    }

    private func read(
        _ lines: [String], badRow: DatasetPlan.BadRow = .skip, limit: Double = 1
    ) throws -> DatasetContent<PromptRow> {
        try read(plan(folder.file("d.jsonl", lines: lines), badRow: badRow, limit: limit))
    }

    @Test func `rows keep their line numbers`() throws {
        let content = try read([
            #"{"prompt": "1+1=", "answer": "2", "id": "a"}"#, "", #"{"prompt": "2+2=", "answer": "4"}"#,
        ])
        #expect(
            content.rows == [
                PromptRow(line: 1, prompt: "1+1=", answer: "2"), PromptRow(line: 3, prompt: "2+2=", answer: "4"),
            ])
        #expect(content.leftOut.count == 0)
    }

    @Test(arguments: [
        (#"{"prompt": "x", "anwser": "2"}"#, "the row has no 'answer'. Did you mean 'anwser'?"),
        (#"{"prompt": "x", "answer": true}"#, "'answer' is true or false, not text"),
        (#"{"prompt": "x", "answer": ""}"#, "'answer' is empty"),
        (#"["x"]"#, "the line is a list, not an object"),
        ("a\0b", "no JSON: the line is no object at byte 0"),
    ])
    func `a broken row is left out, counted and explained by file and line`(line: String, reason: String) throws {
        let content = try read([#"{"prompt": "1+1=", "answer": "2", "id": "first"}"#, line])
        #expect(content.rows.count == 1)
        #expect(content.leftOut.count == 1)
        #expect(content.leftOut.errors.map(\.summary) == ["\(folder.path)/d.jsonl:2: \(reason)"])
    }

    @Test func `rows with the same id, or none, are rows all the same`() throws {
        let ids = [#""id":"a","#, #""id":"a","#, #""id":null,"#, ""]
        #expect(try read(ids.map { "{\($0)\"prompt\":\"1\",\"answer\":\"2\"}" }).rows.count == 4)
    }

    @Test(arguments: [
        (#"{"prompt": "a", "prompt": "b", "answer": "2"}"#, "1 with a column that comes twice"),
        (#"{"prompt": "a\ud800", "answer": "2"}"#, "1 with an unpaired surrogate"),
        (#"{"prompt": null, "answer": "2"}"#, "1 with a value that is no text"),
        ("{", "1 no JSON object"),
    ])
    func `every kind of fault is counted under its own name`(line: String, phrase: String) throws {
        #expect(try read([#"{"prompt": "1", "answer": "2"}"#, line]).leftOut.phrase == phrase)
    }

    @Test func `more rows left out than the limit end the reading, with what is wrong with most of them`() throws {
        let good = Array(repeating: #"{"prompt": "1", "answer": "2"}"#, count: 18)
        let lines = good + [#"{"q": "1"}"#, #"{"q": "2"}"#]
        #expect(try read(lines, limit: 0.1).leftOut.phrase == "2 without a needed column")
        let error = #expect(throws: DatasetError.self) { try read(lines, limit: 0.09) }
        #expect(error?.code == .tooManyLeftOut)
        #expect(
            error?.reason
                == "2 of 20 rows (10 %) would be left out, more than dataset.bad_row_limit (9 %): 2 without a needed "
                + "column; the first is line 19: the row has no 'prompt'; its columns are q")
        #expect(
            error?.hint
                == "rename them: jq -c '{prompt: .COLUMN, answer: .COLUMN}' '\(folder.path)/d.jsonl' > converted.jsonl; "
                + "dataset.bad_row_limit=1 lets all of them go")
    }

    @Test func `a file that has changed since the trial began is not read as if it were the same`() throws {
        let lines = [#"{"prompt": "1", "answer": "2"}"#, #"{"prompt": "3", "answer": "4"}"#]
        var plan = plan(folder.file("d.jsonl", lines: lines))
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        plan.fingerprint = FileFingerprint(bytes: bytes.count, crc32: CRC32.of(bytes))
        #expect(try read(plan).rows.count == 2)
        _ = folder.file("d.jsonl", lines: [lines[1], lines[0]])
        let error = #expect(throws: DatasetError.self) { try read(plan) }
        #expect(error?.code == .changed)
        #expect(error?.reason == "the file has changed since the trial began: other content of the same size")
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
        let content = try read(plan(path))
        #expect(content.rows.count == 1)
        #expect(content.leftOut.errors.map(\.reason) == ["no JSON: the line is no object at byte 0"])
    }

    @Test func `a huge line is refused without being kept`() throws {
        let bytes =
            [UInt8](repeating: 0x61, count: LineReader.longestLine + 5)
            + Array("\n{\"prompt\": \"1\", \"answer\": \"2\"}".utf8)
        let path = folder.file("d.jsonl", bytes)
        let content = try read(plan(path))
        #expect(content.rows.map(\.line) == [2])
        #expect(content.leftOut.errors.map(\.reason) == ["the line has 1048581 bytes, the limit is 1048576"])
        #expect(content.leftOut.phrase == "1 of more than 1 MiB")
    }

    @Test(arguments: [[UInt8](), Array("\n  \n".utf8)])
    func `a file without a row is an error that says so`(bytes: [UInt8]) throws {
        let path = folder.file("d.jsonl", bytes)
        let error = #expect(throws: DatasetError.self) { try read(plan(path), answer: .unread) }
        #expect(error?.code == .empty)
        #expect(error?.summary == "\(path): the file has no row")
    }

    @Test func `a file with broken rows only names the first of them`() throws {
        let error = #expect(throws: DatasetError.self) { try read(["1", "2"]) }
        #expect(error?.reason.contains("the first of 2") == true)
        #expect(error?.reason.contains("d.jsonl:1") == true)
    }

    @Test func `a missing file is an error with its path`() {
        let error = #expect(throws: DatasetError.self) { try read(plan("/none.jsonl"), answer: .unread) }
        #expect(error?.summary == "/none.jsonl: cannot be opened: No such file or directory")
    }

    @Test func `a byte order mark and carriage returns are no part of a row`() throws {
        let text = "{\"prompt\": \"1\", \"answer\": \"2\"}\r\n{\"prompt\": \"3\", \"answer\": \"4\"}\r\n"
        let path = folder.file("d.jsonl", [0xEF, 0xBB, 0xBF] + Array(text.utf8))
        let content = try read(plan(path, badRow: .fail))
        #expect(content.rows.map(\.prompt) == ["1", "3"])
    }

    @Test func `a prompt file needs no answers unless somebody asks for them`() throws {
        let path = folder.file("d.jsonl", lines: [#"{"prompt": "1"}"#])
        #expect(try read(plan(path), answer: .unread).rows.first?.answer == nil)
        let odd = folder.file("odd.jsonl", lines: [#"{"prompt": "1", "answer": NaN}"#])
        #expect(try read(plan(odd), answer: .unread).rows.count == 1)
        #expect(throws: DatasetError.self) { try read(plan(path)) }
    }

    @Test func `reading stops when there are rows enough`() throws {
        let path = folder.file("d.jsonl", lines: [#"{"prompt": "1"}"#, #"{"prompt": "2"}"#, "broken"])
        let content = try read(plan(path, badRow: .fail), answer: .unread, .rows(2))
        #expect(content.rows.count == 2)
    }
}
