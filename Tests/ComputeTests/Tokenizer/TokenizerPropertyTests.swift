import Testing

@testable import Compute

/// Random scalars of every plane; control, combining and unassigned ones too.
private func randomScalars(_ count: Int, _ random: inout SeededGenerator) -> [Unicode.Scalar] {
    var scalars: Set<Unicode.Scalar> = []
    while scalars.count < count {
        let limit: UInt32 = [0x80, 0x370, 0x1_0000, 0x11_0000][Int(random.next() % 4)]
        if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) { scalars.insert(scalar) }
    }
    return Array(scalars).sorted().shuffled(using: &random)
}

private func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
}

@Suite struct `Tokenizer properties` {
    @Test func `any text over the vocabulary comes back scalar for scalar`() throws {
        var random = SeededGenerator(seed: 61)
        for size in [1, 2, 30, 300] {
            let vocabulary = randomScalars(size, &random)
            let tokenizer = try CharacterTokenizer(characters: vocabulary)
            #expect(tokenizer.vocabularySize == size + 1)
            for length in [0, 1, 2, 50] {
                let written = (0..<length).map { _ in vocabulary[Int(random.next() % UInt64(size))] }
                let tokens = try tokenizer.encode(text(written))
                #expect(tokens.count == length)
                #expect(tokens.allSatisfy { (1...Int32(size)).contains($0) })
                #expect(try Array(tokenizer.decode(tokens).unicodeScalars) == written)
            }
        }
    }

    @Test func `any vocabulary survives its file, compact and pretty`() throws {
        var random = SeededGenerator(seed: 62)
        for size in [0, 1, 7, 100] {
            let tokenizer = try CharacterTokenizer(characters: randomScalars(size, &random))
            for written in [tokenizer.json.compactText, tokenizer.json.prettyText] {
                #expect(try CharacterTokenizer(json: Array(written.utf8), path: "tokenizer.json") == tokenizer)
            }
        }
    }

    @Test func `a vocabulary covers its texts whatever their order, and nothing else`() throws {
        var random = SeededGenerator(seed: 63)
        for _ in 0..<20 {
            let texts = (0..<5).map { _ in text(randomScalars(Int(random.next() % 6), &random)) }
            let tokenizer = CharacterTokenizer(covering: texts)
            #expect(CharacterTokenizer(covering: texts.shuffled(using: &random) + texts) == tokenizer)
            #expect(Set(tokenizer.characters) == Set(texts.joined().unicodeScalars))
            for text in texts { #expect(try tokenizer.decode(tokenizer.encode(text)) == text) }
        }
        #expect(CharacterTokenizer(covering: [] as [String]).vocabularySize == 1)
    }

    @Test func `every byte of a file replaced gives an error or a whole tokenizer`() throws {
        let tokenizer = try CharacterTokenizer(characters: "01+=\u{301}训".unicodeScalars)
        let whole = Array(tokenizer.json.compactText.utf8)
        var (read, refused) = (0, 0)
        for place in whole.indices {
            for byte in [0x20, 0x22, 0x30, 0x37, 0x5C, 0x7D, 0xFF] as [UInt8] where whole[place] != byte {
                var changed = whole
                changed[place] = byte
                do throws(ComputeError) {
                    let other = try CharacterTokenizer(json: changed, path: "tokenizer.json")
                    read += 1
                    // It may have another character, but each token has exactly one.
                    #expect(other.vocabularySize == tokenizer.vocabularySize)
                    let tokens = (1..<Int32(other.vocabularySize)).map { $0 }
                    #expect(try other.encode(other.decode(tokens)) == tokens)
                } catch {
                    refused += 1
                    #expect(error.summary.isEmpty == false)
                }
            }
        }
        #expect(read > 0 && refused > read / 4)
    }

    @Test func `a file cut anywhere is refused`() throws {
        let whole = Array(try CharacterTokenizer(characters: "01".unicodeScalars).json.compactText.utf8)
        for length in whole.indices {
            let error = #expect(throws: ComputeError.self, "cut to \(length)") {
                try CharacterTokenizer(json: Array(whole[..<length]), path: "tokenizer.json")
            }
            #expect(error?.code == .damagedFile)
        }
    }

    @Test(arguments: [
        (#"{"a":1,"b":1}"#, "token 0 is not <eos>"), (#"{"a":1}"#, "'a' has no token below 1"),
        (#"{"<eos>":1,"a":0}"#, "'<eos>' is not a single character"),
        (#"{"<eos>":0,"":1}"#, "'' is not a single character"),
        (#"{"<eos>":0,"a":0}"#, "the tokens are not 0 to 1"),
        (#"{"<eos>":0,"a":1.0}"#, "'a' has no token below 2"),
        (#"{"<eos>":0,"a":"1"}"#, "'a' has no token below 2"),
        (#"{"<eos>":0,"a":1,"a":1}"#, "duplicate name 'a'"),
        (#"{"<eos>":0,"\u0065\u0301":1}"#, "is not a single character"),
        (#"{"<eos>":0,"a":9223372036854775807}"#, "'a' has no token below 2"),
        (#"[]"#, "is not a character tokenizer"),
    ])
    func `a vocabulary in which a token has no character of its own is refused`(vocabulary: String, reason: String) {
        let text = #"{"model":{"type":"WordLevel","vocab":\#(vocabulary)}}"#
        let error = #expect(throws: ComputeError.self) {
            try CharacterTokenizer(json: Array(text.utf8), path: "tokenizer.json")
        }
        #expect(error?.summary.contains(reason) == true, "\(error?.summary ?? "")")
    }

    @Test func `what follows end-of-sequence is not even looked at`() throws {
        let tokenizer = try CharacterTokenizer(characters: "ab".unicodeScalars)
        #expect(try tokenizer.decode([2, 0, 99, -5]) == "b")
        #expect(try tokenizer.decode([0]) == "")
        #expect(try tokenizer.decode([]) == "")
    }

    @Test func `a row is named only where there is one`() throws {
        let tokenizer = try CharacterTokenizer(characters: "ab".unicodeScalars)
        let error = #expect(throws: ComputeError.self) { try tokenizer.encode("abc") }
        #expect(error?.summary == "The tokenizer cannot use this: character 'c' (U+0063) is not in the vocabulary")
        let wide = #expect(throws: ComputeError.self) { try tokenizer.encode("\u{1F600}", row: 1) }
        #expect(wide?.summary.contains("'\u{1F600}' (U+1F600) in row 1 is not in") == true)
    }
}
