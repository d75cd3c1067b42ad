import Testing

@testable import Compute

/// Changes a file at random: bytes flipped, parts cut out, the end cut off, values replaced by others or left out.
private struct Mutation {
    private static let values: [JSONValue] = [
        .null, .bool(true), .integer(-1), .number("1e9"), .integer(4_294_967_296), .string(""), .string("x"),
        .array([]), .object([]), .array([.array([])]), .object([JSONMember("type", .string("Sequence"))]),
        .string("▁"), .integer(0), .integer(1_000_000),
    ]

    static func apply(_ bytes: [UInt8], _ root: JSONValue, _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        switch random.next() % 6 {
        case 0:
            for _ in 0...place(4, &random) {
                bytes[place(bytes.count, &random)] ^= 1 << UInt8(truncatingIfNeeded: random.next() % 8)
            }
        case 1: bytes = Array(bytes.prefix(place(bytes.count, &random)))
        case 2:
            let start = place(bytes.count, &random)
            bytes.removeSubrange(start..<min(bytes.count, start + 1 + place(12, &random)))
        default: bytes = Array(swapped(root, &random).compactText.utf8)
        }
        return bytes
    }

    private static func place(_ count: Int, _ random: inout SeededGenerator) -> Int {
        Int(random.next() % UInt64(max(1, count)))
    }

    /// The value with one part of it, at any depth, replaced or left out.
    private static func swapped(_ value: JSONValue, _ random: inout SeededGenerator) -> JSONValue {
        let isHere = random.next() % 6 == 0
        switch value {
        case .object(var members) where !members.isEmpty && !isHere:
            let index = place(members.count, &random)
            if random.next() % 8 == 0 {
                members.remove(at: index)
            } else {
                members[index] = JSONMember(members[index].name, swapped(members[index].value, &random))
            }
            return .object(members)
        case .array(var elements) where !elements.isEmpty && !isHere:
            let index = place(elements.count, &random)
            if random.next() % 8 == 0 {
                elements.remove(at: index)
            } else {
                elements[index] = swapped(elements[index], &random)
            }
            return .array(elements)
        default: return values[place(values.count, &random)]
        }
    }
}

@Suite struct `Damaged tokenizer files` {
    @Test(.timeLimit(.minutes(1)), arguments: Array(tokenizerFamilies.enumerated()))
    func `a changed file gives a tokenizer or a reason`(index: Int, family: String) throws {
        let fixture = try TokenizerFixture(family)
        var random = SeededGenerator(seed: UInt64(80 + index))
        let root = try JSONParser.parse(fixture.file)
        var refused = 0
        for _ in 0..<170 {
            let bytes = Mutation.apply(fixture.file, root, &random)
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
