import Testing

@testable import Compute

@Suite struct `Tokenizers against the reference library` {
    @Test(arguments: tokenizerFamilies)
    func `texts get the same tokens`(family: String) throws {
        let fixture = try TokenizerFixture(family), tokenizer = try fixture.tokenizer()
        #expect(tokenizer.vocabularySize == fixture.vocabularySize)
        #expect(fixture.cases.count == 107)
        for entry in fixture.cases {
            let tokens = try tokenizer.encode(entry.text)
            #expect(tokens == entry.tokens, "\(entry.text.debugDescription)")
        }
    }

    @Test(arguments: tokenizerFamilies)
    func `tokens decode to the same text`(family: String) throws {
        let fixture = try TokenizerFixture(family), tokenizer = try fixture.tokenizer()
        for entry in fixture.cases {
            let shown = try tokenizer.decode(entry.tokens, .shown)
            #expect(scalars(shown) == scalars(entry.shown), "\(entry.text.debugDescription) \(shown.debugDescription)")
            #expect(try scalars(tokenizer.decode(entry.tokens, .hidden)) == scalars(entry.hidden))
        }
        for sequence in fixture.sequences {
            let shown = try tokenizer.decode(sequence.tokens, .shown)
            #expect(scalars(shown) == scalars(sequence.shown), "\(sequence.tokens) \(shown.debugDescription)")
        }
    }

    @Test(arguments: tokenizerFamilies)
    func `what stands around a text is the same`(family: String) throws {
        let fixture = try TokenizerFixture(family)
        let special = try fixture.tokenizer().specialTokens, behind = fixture.template.count - special.beginning.count
        #expect(special.beginning + special.ends.prefix(behind) == fixture.template)
    }
}
