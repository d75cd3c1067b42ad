import Testing

@testable import Compute

/// Changes a file at random: bytes flipped, parts cut out, the end cut off, values replaced by others.
private struct Mutation {
    private static let values = [
        "null", "true", "-1", "1e9", "4294967296", "\"\"", "\"x\"", "[]", "{}", "[[]]", "{\"type\":\"Sequence\"}",
    ]

    static func apply(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        func place(_ count: Int) -> Int { Int(random.next() % UInt64(max(1, count))) }
        var bytes = bytes
        switch random.next() % 4 {
        case 0:
            for _ in 0...place(4) { bytes[place(bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
        case 1: bytes = Array(bytes.prefix(place(bytes.count)))
        case 2:
            let start = place(bytes.count)
            bytes.removeSubrange(start..<min(bytes.count, start + 1 + place(12)))
        default:
            // The value behind a colon or comma: mostly another type than was there.
            let starts = bytes.indices.filter { bytes[$0] == UInt8(ascii: ":") || bytes[$0] == UInt8(ascii: ",") }
            let start = starts[place(starts.count)] + 1
            let ends = ",]}".utf8
            let end = bytes[start...].firstIndex { ends.contains($0) } ?? bytes.count
            bytes.replaceSubrange(start..<end, with: Array(values[place(values.count)].utf8))
        }
        return bytes
    }
}

@Suite struct `Damaged tokenizer files` {
    @Test(.timeLimit(.minutes(1)), arguments: Array(tokenizerFamilies.enumerated()))
    func `a changed file gives a tokenizer or a reason`(index: Int, family: String) throws {
        let fixture = try TokenizerFixture(family)
        var random = SeededGenerator(seed: UInt64(80 + index))
        var refused = 0
        for _ in 0..<170 {
            let bytes = Mutation.apply(fixture.file, &random)
            do throws(ComputeError) {
                let document = try TokenizerDocument(path: "/model/tokenizer.json", bytes: bytes)
                try use(Tokenizers.read(document))
            } catch {
                refused += 1
                #expect(error.code == .damagedFile)
                #expect(error.detail == "/model/tokenizer.json")
                #expect(error.summary.hasPrefix("tokenizer.json cannot be used: "))
                #expect(error.summary.count > 35, "\(error.summary)")
            }
        }
        #expect(refused > 60)
    }

    /// A tokenizer that was accepted works, or refuses what it is given; it never traps.
    private func use(_ tokenizer: any Tokenizer) throws(ComputeError) {
        do throws(ComputeError) {
            let tokens = try tokenizer.encode("The 12 cafe\u{301}s' 训练 <|endoftext|> <s>x</s>\r\n  it's", row: 3)
            #expect(tokens.allSatisfy { (0..<Int32(tokenizer.vocabularySize)).contains($0) })
            _ = try tokenizer.decode(tokens)
        } catch {
            #expect(error.code == .unknownToken)
        }
        _ = try? tokenizer.decode([0, 5, Int32(tokenizer.vocabularySize - 1)])
    }
}
