/// The tokens by what files call them.
struct TokenNames {
    let vocabulary: BPEVocabulary
    let added: [AddedToken]

    subscript(_ name: String) -> Int32? {
        let content = Array(name.utf8)
        return added.first { $0.content == content }?.token ?? vocabulary.tokens[content[...]]
    }
}

/// Finds the tokens that end an answer, which `tokenizer.json` itself does not name.
enum EndOfSequence {
    /// What such tokens are called where nothing else says which they are.
    private static let usualNames = ["<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|im_end|>"]

    /// The token the tokenizer's configuration names, then those of the model's configuration, without repetition.
    ///
    /// A number outside the vocabulary is passed over: configurations of small models keep the one of the large model,
    /// and a token that cannot occur ends nothing.
    static func tokens(
        _ document: TokenizerDocument, _ names: TokenNames, template: TokenTemplate, vocabularySize: Int
    ) -> [Int32] {
        var found = document.endNames.compactMap { names[$0] } + template.after
        found += document.endTokens.filter { (0..<vocabularySize).contains($0) }.map { Int32($0) }
        if found.isEmpty { found = usualNames.lazy.compactMap { names[$0] }.prefix(1).map { $0 } }
        var seen: Set<Int32> = []
        return found.filter { seen.insert($0).inserted }
    }
}
