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
    private func reason(_ line: [UInt8], maximumLength: Int = 10) -> String? {
        do {
            _ = try RowParser(fields: .promptAndAnswer, maximumLength: maximumLength).row(.bytes(line), number: 7)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test(
        arguments: [
            (#"{"prompt":"a","answer":"b","id":"x"}"#, nil),
            (#"{"prompt":"a","answer":"b","id":-3}"#, nil),
            (#"{"prompt":"a","answer":"b","else":[1,{"x":null}]}"#, nil),
            (#"{"answer":"b","prompt":"\u00e9\ud83d\ude00"}"#, nil),
            (#"{"prompt":"a","prompt":"a","answer":"b"}"#, "no JSON: duplicate name 'prompt' at byte 22"),
            (#"{"prompt":"a","answer":"b"} x"#, "no JSON: bytes after the value at byte 28"),
            (#"{"prompt":"a","answer":"b""#, "no JSON: expected ',' or '}' at byte 26"),
            (#"{"prompt":"a","answer":"\ud800"}"#, "no JSON: unpaired surrogate at byte 30"),
            (#"{"prompt":"a","answer":'b'}"#, "no JSON: expected a value at byte 23"),
            (#"{"prompt":NaN,"answer":"b"}"#, "no JSON: expected a value at byte 10"),
            (#"{}"#, "the row has no 'prompt'."),
            (#"{"Prompt":"a","answer":"b"}"#, "the row has no 'prompt'. Did you mean 'Prompt'?"),
            (#"{"prompt":null,"answer":"b"}"#, "'prompt' is null, not text"),
            (#"{"prompt":["a"],"answer":"b"}"#, "'prompt' is a list, not text"),
            (#"{"prompt":{"a":1},"answer":"b"}"#, "'prompt' is an object, not text"),
            (#"{"prompt":true,"answer":"b"}"#, "'prompt' is true or false, not text"),
            (#"{"prompt":"","answer":"b"}"#, "'prompt' is empty"),
            (#"{"prompt":"a","answer":"b","id":""}"#, "'id' is empty"),
            (#"{"prompt":"a","answer":"b","id":null}"#, "'id' is null, not text or a whole number"),
            (#"{"prompt":"a","answer":"b","id":1e3}"#, "'id' is a number, not text or a whole number"),
            (#"null"#, "the line is null, not an object"),
            (#""prompt""#, "the line is text, not an object"),
            (#"12"#, "the line is a number, not an object"),
            (#"{"prompt":"aaaa","answer":"bbbbb"}"#, nil),
            (#"{"prompt":"aaaaa","answer":"bbbbb"}"#, "the row has 11 tokens, the limit (dataset.max_length) is 10"),
            (#"{"prompt":"éééé","answer":"😀😀😀😀😀"}"#, nil),
        ] as [(String, String?)])
    func `are told apart in words, or taken`(line: String, expected: String?) {
        #expect(reason(Array(line.utf8)) == expected)
    }

    @Test func `a line cut off anywhere is no row, and says so`() {
        let line = Array(#"{"prompt":"é","answer":"b","id":"x"}"#.utf8)
        for end in line.indices {
            let reason = reason(Array(line[..<end]))
            #expect(reason?.hasPrefix("no JSON: ") == true || reason == "the line is no valid UTF-8", "\(end)")
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

    @Test func `lists nested a thousand deep are refused`() {
        let deep = String(repeating: "[", count: 1000)
        #expect(reason(Array("{\"prompt\":\(deep)".utf8)) == "no JSON: nested deeper than 64 levels at byte 73")
    }
}

@Suite struct `A dataset file of good and broken rows` {
    private let folder = TemporaryFolder()

    private func plan(_ path: String, _ badRow: DatasetPlan.BadRow) -> DatasetPlan {
        DatasetPlan(type: "prompt_answer", path: path, maximumLength: 64, badRow: badRow)
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
        let content = try JSONLReader(plan(path, .skip), fields: .promptAndAnswer).read()
        #expect(content.rows.map(\.line) == good)
        #expect(content.rows.map(\.answer) == good.map { "\($0)" })
        #expect(content.skipped == bad.count)
        #expect(content.errors.map(\.line) == bad)
        #expect(content.errors.allSatisfy { $0.summary.hasPrefix("\(path):") && $0.code == .badRow })
    }

    @Test(arguments: UInt64(1)...30) func `ends at the first broken one where the plan says so`(seed: UInt64) throws {
        let (text, _, bad) = lines(seed: seed)
        let path = folder.write(Array(text.joined(separator: [0x0A])), to: "d.jsonl")
        let error = #expect(throws: DatasetError.self) {
            try JSONLReader(plan(path, .fail), fields: .promptAndAnswer).read()
        }
        #expect(error?.line == bad.first)
        #expect(error?.hint == "correct the row, or set dataset.bad_row=skip to leave such rows out")
    }

    @Test func `keeps the first hundred complaints and counts all`() throws {
        let rows = Array(repeating: "broken", count: 250) + [#"{"prompt":"1","answer":"2"}"#]
        let content = try JSONLReader(plan(folder.file("d.jsonl", lines: rows), .skip), fields: .promptAndAnswer).read()
        #expect(content.errors.map(\.line) == Array(1...100))
        #expect(content.skipped == 250)
    }

    @Test func `an id that comes three times is refused twice, both times with the first line`() throws {
        let row = #"{"prompt":"1","answer":"2","id":"a"}"#
        let content = try JSONLReader(
            plan(folder.file("d.jsonl", lines: [row, row, row]), .skip), fields: .promptAndAnswer
        ).read()
        #expect(content.rows.count == 1)
        #expect(content.errors.map(\.reason) == Array(repeating: "the id 'a' is already that of line 1", count: 2))
    }

    @Test func `an id that was only on a broken row may be used again`() throws {
        let rows = [#"{"prompt":"","answer":"2","id":"a"}"#, #"{"prompt":"1","answer":"2","id":"a"}"#]
        let content = try JSONLReader(plan(folder.file("d.jsonl", lines: rows), .skip), fields: .promptAndAnswer).read()
        #expect(content.rows.map(\.line) == [2])
        #expect(content.skipped == 1)
    }

    @Test(arguments: [0, 1, 5, 100]) func `serves every row once an epoch whatever the batch`(batch: Int) throws {
        let rows = (0..<7).map { PromptRow(line: $0, id: "r\($0)", prompt: "\($0)", answer: "\($0)") }
        var loader = DatasetLoader(
            rows: rows, type: PromptDataset.self, needed: [.packedPrompts],
            tokenizer: CharacterTokenizer(covering: ["0123456"]), seed: 3, used: 0)
        var ids: [String] = []
        for _ in 0..<(batch == 0 ? 1 : 700 / batch) { ids += try loader.next(batch).sample.ids }
        #expect(ids.count == (batch == 0 ? 0 : 700))
        #expect(Set(ids).count == ids.count)
        for start in stride(from: 0, to: ids.count, by: 7) {
            let epoch = ids[start..<start + 7]
            #expect(Set(epoch.map { $0.prefix(2) }).count == 7)
            #expect(Set(epoch.map { $0.dropFirst(3) }) == ["\(start / 7)"])
        }
    }
}
