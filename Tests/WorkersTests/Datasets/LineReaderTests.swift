import TestSupport
import Testing

@testable import Workers

@Suite struct LineReaderTests {
    private let folder = TemporaryFolder()

    private func lines(_ bytes: [UInt8], limit: Int = 100) throws -> [LineReader.Line] {
        var reader = try LineReader.open(folder.file("f", bytes), limit: limit), lines: [LineReader.Line] = []
        while let line = try reader.next() { lines.append(line) }
        return lines
    }

    @Test func `an empty file has no line`() throws {
        #expect(try lines([]) == [])
    }

    @Test func `the last line needs no end`() throws {
        #expect(try lines(Array("a\nb".utf8)) == [.bytes([0x61]), .bytes([0x62])])
        #expect(try lines(Array("a\nb\n".utf8)) == [.bytes([0x61]), .bytes([0x62])])
    }

    @Test func `empty lines count`() throws {
        #expect(try lines(Array("\n\na\n".utf8)) == [.bytes([]), .bytes([]), .bytes([0x61])])
    }

    @Test(arguments: [99, 100, 101]) func `a line may be as long as the limit`(length: Int) throws {
        let line = [UInt8](repeating: 0x78, count: length)
        let expected: LineReader.Line = length <= 100 ? .bytes(line) : .tooLong(byteCount: 101)
        #expect(try lines(line + [0x0a, 0x61]) == [expected, .bytes([0x61])])
    }

    @Test func `lines that cross the pieces a file is read in are whole`() throws {
        let text = (0..<20_000).map { "line \($0)" }.joined(separator: "\n")
        let read = try lines(Array(text.utf8))
        #expect(read.count == 20_000)
        #expect(read[12_345] == .bytes(Array("line 12345".utf8)))
    }

    @Test func `a folder is no file`() {
        let error = #expect(throws: DatasetError.self) { try lines(atPath: folder.path) }
        #expect(error?.code == .unreadable)
        #expect(error?.path == folder.path)
    }

    private func lines(atPath path: String) throws {
        var reader = try LineReader.open(path)
        _ = try reader.next()
    }
}

@Suite struct EpochOrderTests {
    @Test func `entries follow from seed and position alone`() {
        var forward = EpochOrder(rows: 10, seed: 3), backward = EpochOrder(rows: 10, seed: 3)
        let ahead = (0..<30).map { forward.entry(at: $0) }
        let back = (0..<30).reversed().map { backward.entry(at: $0) }
        #expect(ahead.map(\.row) == back.reversed().map(\.row))
        #expect(
            ahead.map(\.epoch) == Array(repeating: 0, count: 10) + Array(repeating: 1, count: 10)
                + Array(repeating: 2, count: 10))
    }

    @Test func `derived seeds differ by name and by seed`() {
        let seeds = [
            Seed.derived(from: 1, "a"), Seed.derived(from: 1, "b"), Seed.derived(from: 2, "a"),
            Seed.derived(from: 1, ""),
        ]
        #expect(Set(seeds).count == 4)
        #expect(Seed.derived(from: 1, "a") == 5_952_155_467_226_901_439)
    }
}
