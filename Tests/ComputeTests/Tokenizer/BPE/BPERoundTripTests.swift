import Testing

@testable import Compute

@Suite struct `Byte-level round trips` {
    /// Scalars of every plane, a few of them again and again so that merges happen.
    private func randomText(_ random: inout SeededGenerator) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int(random.next() % 30) {
            let limit: UInt32 = [0x80, 0x80, 0x370, 0x1_0000, 0x11_0000][Int(random.next() % 5)]
            if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) { text.append(scalar) }
        }
        return String(text)
    }

    @Test(arguments: ["gpt2", "llama3"])
    func `any text comes back byte for byte`(family: String) throws {
        let tokenizer = try TokenizerFixture(family).tokenizer()
        var random = SeededGenerator(seed: 74)
        for _ in 0..<400 {
            let text = randomText(&random)
            #expect(try Array(tokenizer.decode(tokenizer.encode(text), .shown).utf8) == Array(text.utf8))
        }
    }

    @Test func `with composition a text comes back composed`() throws {
        let tokenizer = try TokenizerFixture("qwen2").tokenizer()
        var random = SeededGenerator(seed: 75)
        for _ in 0..<200 {
            let text = randomText(&random)
            let composed = Array(UnicodeForm.nfc.apply(Array(text.utf8)[...]))
            #expect(try tokenizer.bytes(of: tokenizer.encode(text), .shown) == composed)
        }
    }

    @Test func `any bytes come back from their tokens`() throws {
        let tokenizer = try TokenizerFixture("gpt2").tokenizer()
        var random = SeededGenerator(seed: 76)
        let byteTokens = ByteAlphabet.characters.map { scalar in
            (0..<Int32(tokenizer.vocabularySize)).first {
                (try? tokenizer.bytes(of: [$0], .shown)) == ByteAlphabet.bytes(of: [scalar])
            }
        }
        for _ in 0..<50 {
            let bytes = (0..<40).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let tokens = try bytes.map { try #require(byteTokens[Int($0)]) }
            #expect(try tokenizer.bytes(of: tokens, .shown) == bytes)
        }
    }

    @Test func `the byte alphabet has a printable character for each byte`() {
        #expect(ByteAlphabet.characters.count == 256)
        #expect(Set(ByteAlphabet.characters).count == 256)
        #expect(ByteAlphabet.characters[0x20] == "Ġ")
        #expect(ByteAlphabet.characters[0x0A] == "Ċ")
        #expect(ByteAlphabet.characters[0x41] == "A")
        #expect(ByteAlphabet.characters[0xAD] == "\u{143}")
        #expect(ByteAlphabet.bytes(of: "Ġthe".unicodeScalars) == Array(" the".utf8))
        #expect(ByteAlphabet.bytes(of: "a b".unicodeScalars) == nil)
    }

    @Test(arguments: [Int32(-1), 381, .max, .min])
    func `a token outside the vocabulary is refused`(token: Int32) throws {
        let tokenizer = try TokenizerFixture("gpt2").tokenizer()
        let error = #expect(throws: ComputeError.self) { try tokenizer.decode([5, token]) }
        #expect(error?.summary == "The tokenizer cannot use this: token \(token) is outside the vocabulary of 380")
    }

    @Test func `the text ends with the first token that ends an answer`() throws {
        let tokenizer = try TokenizerFixture("gpt2").tokenizer()
        let tokens = try tokenizer.encode("one<|endoftext|>two")
        #expect(try tokenizer.decode(tokens) == "one")
        #expect(try tokenizer.decode(tokens, .hidden) == "onetwo")
    }
}
