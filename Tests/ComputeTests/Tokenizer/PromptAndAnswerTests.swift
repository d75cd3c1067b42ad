import TestSupport
import Testing

@testable import Compute

@Suite struct `Prompts and answers` {
    /// Letters and their pairs, the ends `</s>` and the beginning `<s>`.
    private static let letters = #"""
        {"added_tokens":[{"id":6,"content":"<s>","special":true},{"id":7,"content":"</s>","special":true}],
        "post_processor":{"type":"TemplateProcessing","special_tokens":{"<s>":{"ids":[6]}},
        "single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}]},
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},
        "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"ba":3,"Ġ":4,"Ġa":5},"merges":["a b","b a","Ġ a"]}}
        """#

    private func pair(_ prompt: String, _ answer: String) throws -> PromptAndAnswer {
        try bpeTokenizer(Self.letters).encodedPair(prompt: prompt, answer: answer)
    }

    @Test func `both are the tokens of the text they form together`() throws {
        #expect(try pair("ba", " a") == PromptAndAnswer(prompt: [6, 3], answer: [5], end: [7]))
        #expect(try pair("b", " ab") == PromptAndAnswer(prompt: [6, 1], answer: [4, 2], end: [7]))
    }

    @Test func `a merge across the border leaves the prompt the tokens that a model is given`() throws {
        let pair = try pair("a", "b")
        #expect(pair == PromptAndAnswer(prompt: [6, 0], answer: [1], end: [7]))
        #expect(try bpeTokenizer(Self.letters).encodedPrompt("a") == pair.prompt)
        #expect(pair.tokens == [6, 0, 1, 7])
    }

    @Test func `what begins and ends is put there once`() throws {
        #expect(try pair("<s>a", "ba") == PromptAndAnswer(prompt: [6, 0], answer: [3], end: [7]))
        #expect(try pair("a", "ba</s>") == PromptAndAnswer(prompt: [6, 0], answer: [3, 7], end: []))
        #expect(try pair("", "a") == PromptAndAnswer(prompt: [6], answer: [0], end: [7]))
        #expect(try pair("a", "") == PromptAndAnswer(prompt: [6, 0], answer: [], end: [7]))
    }

    @Test func `an answer reads the same whether it was expected or written`() throws {
        let tokenizer = try bpeTokenizer(Self.letters)
        #expect(try tokenizer.answerText(pair("a", "a</s>b").answer) == "a")
        #expect(try tokenizer.answerText(pair("a", "<s> a").answer) == " a")
    }

    @Test(arguments: [("a</s>b", 2), ("</s>", 1), ("ba", 2), ("", 1)])
    func `an answer is as long as what has to be written for a judge to read it`(answer: String, count: Int) throws {
        #expect(try bpeTokenizer(Self.letters).judgedCount(pair("a", answer).answer) == count)
    }

    /// SentencePiece: a text begins with a space that it does not have.
    @Test(arguments: ["llama2", "metaspace"])
    func `an answer gets no space of its own`(family: String) throws {
        let tokenizer = try TokenizerFixture(family).tokenizer()
        for (prompt, answer) in [
            ("The quick", " brown fox"), ("The quick ", "brown fox"), ("1+1=", "2"), ("don", "'t"),
        ] {
            let pair = try tokenizer.encodedPair(prompt: prompt, answer: answer)
            #expect(try tokenizer.decode(pair.tokens, .hidden) == prompt + answer)
            #expect(try tokenizer.answerText(pair.answer) == answer)
            #expect(try pair.prompt == tokenizer.encodedPrompt(prompt))
        }
        #expect(try tokenizer.encode("x") != tokenizer.encode("x", at: .continuation, row: nil))
    }

    @Test(arguments: tokenizerFamilies)
    func `the prompt's tokens are those of the prompt, whatever follows`(family: String) throws {
        let fixture = try TokenizerFixture(family), tokenizer = try fixture.tokenizer()
        for (one, other) in zip(fixture.cases, fixture.cases.dropFirst()) {
            let pair = try tokenizer.encodedPair(prompt: one.text, answer: other.text)
            #expect(try pair.prompt == tokenizer.encodedPrompt(one.text))
            let whole = try tokenizer.encodedPrompt(one.text + other.text)
            if !one.text.isEmpty, whole.starts(with: pair.prompt) { #expect(pair.prompt + pair.answer == whole) }
        }
    }

    @Test func `numbers that stand for no text are known`() throws {
        let sparse = Self.letters.replacing(#""ba":3"#, with: #""ba":9"#)
        let tokenizer = try bpeTokenizer(sparse)
        #expect(tokenizer.vocabularySize == 10)
        #expect(tokenizer.tokensWithoutText(below: 12) == [3, 8, 10, 11])
        #expect(CharacterTokenizer(covering: ["ab"]).tokensWithoutText(below: 5) == [3, 4])
    }
}
