import Compute
import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct `Lines of a file against a naive reader` {
    private let folder = TemporaryFolder()

    /// Splits the whole text at line feeds; what follows the last one is a line only where there is something.
    private func naive(_ bytes: [UInt8], limit: Int) -> [LineReader.Line] {
        var text = bytes[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        var lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        if lines.last == [] { lines.removeLast() }
        return lines.map { line in
            if line.count > limit { return .tooLong(byteCount: line.count) }
            return .bytes(line.last == 0x0D ? Array(line.dropLast()) : line)
        }
    }

    private func read(_ bytes: [UInt8], limit: Int) throws -> [LineReader.Line] {
        var reader = try LineReader.open(folder.write(bytes, to: "f"), limit: limit), lines: [LineReader.Line] = []
        while let line = try reader.next() { lines.append(line) }
        return lines
    }

    @Test(arguments: UInt64(1)...60) func `agree for random bytes with many line ends`(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let alphabet: [UInt8] = [0x0A, 0x0D, 0x61, 0x00, 0xFF, 0xEF, 0xBB, 0xBF]
        var bytes = (0..<Int.random(in: 0...400, using: &generator)).map { _ in
            alphabet.randomElement(using: &generator) ?? 0
        }
        if seed.isMultiple(of: 4) { bytes = [0xEF, 0xBB, 0xBF] + bytes }
        #expect(try read(bytes, limit: 6) == naive(bytes, limit: 6))
    }

    /// Files are read in pieces of 64 KiB; a line end may fall on either side of a border, and a "\r\n" on both.
    @Test(arguments: -3...3) func `agree where a line ends at the border of a piece`(offset: Int) throws {
        for end in [[0x0A], [0x0D, 0x0A], [0x0A, 0x0A]] as [[UInt8]] {
            let bytes = [UInt8](repeating: 0x78, count: (1 << 16) + offset) + end + [0x79]
            #expect(try read(bytes, limit: 1 << 20) == naive(bytes, limit: 1 << 20))
            #expect(try read(bytes, limit: 100) == naive(bytes, limit: 100))
        }
    }

    @Test(
        arguments: [[0xEF], [0xEF, 0xBB], [0xEF, 0xBB, 0xBF], [0xEF, 0xBB, 0xBF, 0x0A], [0x0D], [0x0A, 0x0D]]
            as [[UInt8]])
    func `agree for files of a few odd bytes`(bytes: [UInt8]) throws {
        #expect(try read(bytes, limit: 10) == naive(bytes, limit: 10))
    }
}

@Suite struct `Rows that are broken in one way each` {
    private func reason(_ line: [UInt8]) -> String? {
        do {
            _ = try PromptRow(RowRecord(.bytes(line), number: 7), answer: .required)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test(
        arguments: [
            (#"{"prompt":"a","answer":"b","id":"x"}"#, nil),
            (#"{"answer":"b","prompt":"\u00e9\ud83d\ude00"}"#, nil),
            (#"{"prompt":"a","answer":42}"#, nil),
            (#"{"\u0070rompt":"a","answer":"b"}"#, nil),
            (#" { "prompt" : "a" , "answer" : "b" } "#, nil),
            (#"{"prompt":"a","prompt":"a","answer":"b"}"#, "the row has 'prompt' 2 times"),
            (#"{"prompt":"a","answer":"b"} x"#, "no JSON: bytes after the object at byte 28"),
            (#"{"prompt":"a","answer":"b""#, "no JSON: expected ',' or '}' at byte 26"),
            (#"{"prompt":"a","answer":"\ud800"}"#, "no JSON: unpaired surrogate at byte 30"),
            (#"{"prompt":"a","answer":'b'}"#, "no JSON: expected a value at byte 23"),
            (#"{"prompt":NaN,"answer":"b"}"#, "'prompt' is no number, not text"),
            (#"{"prompt":"a","answer":-Infinity}"#, "'answer' is no number, not text"),
            (#"{"prompt":"a","answer":01}"#, "no JSON: a number must not begin with 0 at byte 25"),
            (#"{}"#, "the row has no 'prompt'; it has no column"),
            (#"{"Prompt":"a","answer":"b"}"#, "the row has no 'prompt'. Did you mean 'Prompt'?"),
            (#"{"question":"a","response":"b"}"#, "the row has no 'prompt'; its columns are question, response"),
            (#"{"prompt":null,"answer":"b"}"#, "'prompt' is null, not text"),
            (#"{"prompt":["a"],"answer":"b"}"#, "'prompt' is a list, not text"),
            (#"{"prompt":{"a":1},"answer":"b"}"#, "'prompt' is an object, not text"),
            (#"{"prompt":true,"answer":"b"}"#, "'prompt' is true or false, not text"),
            (#"{"prompt":"","answer":"b"}"#, "'prompt' is empty"),
            (#"null"#, "the line is null, not an object"),
            (#""prompt""#, "the line is text, not an object"),
            (#"12"#, "the line is a number, not an object"),
            (#"['x']"#, "no JSON: the line is no object at byte 0"),
        ] as [(String, String?)])
    func `are told apart in words, or taken`(line: String, expected: String?) {
        #expect(reason(Array(line.utf8)) == expected)
    }

    @Test(arguments: [
        #""id":"x""#, #""id":"""#, #""id":null"#, #""id":1e3"#, #""id":[1]"#, #""id":1,"id":1"#, #""score":NaN"#,
        #""score":-Infinity"#, #""note":"\ud800""#, #""note":"\x""#, #""meta":{"a":[1,{"b":"}]"}],"c":"\"}"}"#,
        #""messages":[{"role":"user","content":"[{"}]"#, "\"tab\":\"\t\"", #""a":"x","a":"y""#,
    ])
    func `a column that nobody reads is never a reason`(column: String) {
        #expect(reason(Array("{\(column),\"prompt\":\"a\",\"answer\":\"b\"}".utf8)) == nil)
        #expect(reason(Array("{\"prompt\":\"a\",\"answer\":\"b\",\(column)}".utf8)) == nil)
    }

    @Test func `bytes that are no UTF-8 are named where they are read, and only there`() {
        let read = Array(#"{"prompt":"caf"#.utf8) + [0xE9] + Array(#"","answer":"b"}"#.utf8)
        #expect(reason(read) == "byte 0xE9 at byte 14 of the line is no UTF-8 (in Latin-1 it is 'é')")
        let unread = Array(#"{"note":"caf"#.utf8) + [0xE9] + Array(#"","prompt":"a","answer":"b"}"#.utf8)
        #expect(reason(unread) == nil)
    }

    @Test(arguments: [("42", "42"), ("-3.50", "-3.50"), ("1e3", "1e3")])
    func `a number is its text as the file has it`(number: String, text: String) throws {
        let line = Array("{\"prompt\":7,\"answer\":\(number)}".utf8)
        let row = try PromptRow(RowRecord(.bytes(line), number: 1), answer: .required)
        #expect(row == PromptRow(line: 1, prompt: "7", answer: text))
    }

    @Test func `a line cut off anywhere is no row, and says so`() {
        let line = Array(#"{"prompt":"é","answer":"b","id":"x"}"#.utf8)
        for end in line.indices {
            let reason = reason(Array(line[..<end]))
            #expect(reason?.hasPrefix("no JSON: ") == true, "\(end)")
        }
        #expect(reason(line) == nil)
    }

    @Test func `no flipped bit of a line does harm`() {
        let line = Array(#"{"prompt":"1+1=","answer":"2"}"#.utf8)
        for index in line.indices {
            for bit in 0..<8 {
                var broken = line
                broken[index] ^= 1 << bit
                if let reason = reason(broken) { #expect(!reason.isEmpty) }
            }
        }
    }

    @Test func `a column nested a hundred thousand deep is passed over`() {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(reason(Array("{\"deep\":\(deep),\"prompt\":\"a\",\"answer\":\"b\"}".utf8)) == nil)
        #expect(reason(Array("{\"deep\":\(deep.dropLast())".utf8))?.hasPrefix("no JSON: the line ends inside") == true)
    }
}

@Suite struct `A dataset file of good and broken rows` {
    private let folder = TemporaryFolder()

    private func plan(_ path: String, _ badRow: DatasetPlan.BadRow) -> DatasetPlan {
        DatasetPlan(type: "prompt_answer", path: path, maximumLength: 64, badRow: badRow, badRowLimit: 1)
    }

    private func read(_ plan: DatasetPlan) throws -> DatasetContent<PromptRow> {
        try JSONLReader(plan).read { record throws(RowFault) in try PromptRow(record, answer: .required) }
    }

    /// Lines of every kind in random order; which of them are rows is known.
    private func lines(seed: UInt64) -> (text: [[UInt8]], good: [Int], bad: [Int]) {
        var generator = SplitMix(seed: seed), text: [[UInt8]] = [], good: [Int] = [], bad: [Int] = []
        let broken: [[UInt8]] = [
            Array("{".utf8), [0xFF], Array("[]".utf8), [0x61, 0x00], Array(#"{"prompt":"x"}"#.utf8),
        ]
        for number in 1...40 {
            switch Int.random(in: 0..<3, using: &generator) {
            case 0:
                text.append(broken.randomElement(using: &generator) ?? [])
                bad.append(number)
            case 1: text.append(Array([" ", "", "\t "].randomElement(using: &generator)?.utf8 ?? "".utf8))
            default:
                text.append(Array("{\"prompt\":\"\(number)+\",\"answer\":\"\(number)\"}".utf8))
                good.append(number)
            }
        }
        return (text, good, bad)
    }

    @Test(arguments: UInt64(1)...30) func `gives exactly the good ones, and counts and names the others`(
        seed: UInt64
    ) throws {
        let (text, good, bad) = lines(seed: seed)
        let path = folder.write(Array(text.joined(separator: [0x0D, 0x0A])), to: "d.jsonl")
        let content = try read(plan(path, .skip))
        #expect(content.rows.map(\.line) == good)
        #expect(content.rows.map(\.answer) == good.map { "\($0)" })
        #expect(content.leftOut.count == bad.count)
        #expect(content.leftOut.errors.map(\.line) == bad)
        #expect(content.leftOut.errors.allSatisfy { $0.summary.hasPrefix("\(path):") && $0.code == .badRow })
    }

    @Test(arguments: UInt64(1)...30) func `ends at the first broken one where the plan says so`(seed: UInt64) throws {
        let (text, _, bad) = lines(seed: seed)
        let path = folder.write(Array(text.joined(separator: [0x0A])), to: "d.jsonl")
        let error = #expect(throws: DatasetError.self) {
            try read(plan(path, .fail))
        }
        #expect(error?.line == bad.first)
        #expect(error?.hint == "correct the row, or set dataset.bad_row=skip to leave such rows out")
    }

    @Test func `keeps the first hundred complaints and counts all`() throws {
        let rows = Array(repeating: "broken", count: 250) + [#"{"prompt":"1","answer":"2"}"#]
        let content = try read(plan(folder.file("d.jsonl", lines: rows), .skip))
        #expect(content.leftOut.errors.map(\.line) == Array(1...100))
        #expect(content.leftOut.count == 250)
    }

    private static func sample(_ row: Int, _ id: SequenceID) throws -> SequenceSample {
        try SequenceSample(
            ids: [id], columns: [.packedPrompts: .init(lengths: [[1]], array: .int32([Int32(row)]))])
    }

    @Test(arguments: [0, 1, 5, 100]) func `serves every row once an epoch whatever the batch`(batch: Int) throws {
        var loader = DatasetLoader(
            rows: DatasetRows(lines: Array(0..<7)) { try Self.sample($0, $1) }, seed: 3, used: 0)
        var ids: [String] = []
        for _ in 0..<(batch == 0 ? 1 : 700 / batch) { ids += try loader.next(batch).ids }
        #expect(ids.count == (batch == 0 ? 0 : 700))
        #expect(Set(ids).count == ids.count)
        for start in stride(from: 0, to: ids.count, by: 7) {
            let epoch = ids[start..<start + 7]
            #expect(Set(epoch.map { $0.prefix(1) }).count == 7)
            #expect(Set(epoch.map { $0.dropFirst(2) }) == ["\(start / 7)"])
        }
    }
}
