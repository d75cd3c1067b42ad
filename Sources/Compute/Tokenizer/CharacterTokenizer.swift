/// A tokenizer whose tokens are Unicode scalars, with `<eos>` as token 0.
///
/// Scalars and not grapheme clusters: clusters join across token borders and compare by canonical equivalence, so
/// decoding would not give back what was encoded.
package struct CharacterTokenizer: TokenizerKind, Equatable {
    /// The characters, in token order; the first has token 1.
    package let characters: [Unicode.Scalar]
    private let tokens: [Unicode.Scalar: Int32]

    /// How the end-of-sequence token is spelled where text must show it.
    package static let endOfSequenceText = "<eos>"
    /// The token that ends an answer.
    package static let endOfSequence: Int32 = 0

    /// Makes a tokenizer of these characters in this order; a repeated character is an error.
    package init(characters: some Sequence<Unicode.Scalar>) throws(ComputeError) {
        let list = Array(characters)
        var tokens: [Unicode.Scalar: Int32] = [:]
        for (index, character) in list.enumerated() {
            guard tokens.updateValue(Int32(index + 1), forKey: character) == nil else {
                throw ComputeError.tokenizer("character \(character.shown) appears twice in the vocabulary")
            }
        }
        self.characters = list
        self.tokens = tokens
    }

    /// Makes a tokenizer of every character that occurs in the texts, sorted, so that row order does not matter.
    package init(covering texts: some Sequence<String>) {
        var found: Set<Unicode.Scalar> = []
        for text in texts { found.formUnion(text.unicodeScalars) }
        characters = found.sorted()
        tokens = Dictionary(uniqueKeysWithValues: zip(characters, 1...))
    }

    /// `<eos>` ends an answer; nothing begins a prompt.
    package var specialTokens: SpecialTokens { SpecialTokens(ends: [Self.endOfSequence]) }

    package func hasText(_ token: Int32) -> Bool { (0..<Int32(clamping: vocabularySize)).contains(token) }

    /// Number of tokens, `<eos>` included.
    package var vocabularySize: Int { characters.count + 1 }

    /// The tokens of a text, without `<eos>`; `row` is where the text came from (a line number), named in the error.
    package func encode(_ text: String, at place: TextPlace, row: Int?) throws(ComputeError) -> [Int32] {
        var encoded: [Int32] = []
        encoded.reserveCapacity(text.utf8.count)
        for character in text.unicodeScalars {
            guard let token = tokens[character] else {
                let place = row.map { " in row \($0)" } ?? ""
                throw ComputeError.tokenizer("character \(character.shown)\(place) is not in the vocabulary")
            }
            encoded.append(token)
        }
        return encoded
    }

    /// The text of tokens; `<eos>` and what follows it is left out.
    package func decode(_ tokens: some Sequence<Int32>, at place: TextPlace) throws(ComputeError) -> String {
        var text = String.UnicodeScalarView()
        for token in tokens {
            if token == Self.endOfSequence { break }
            guard token > 0, Int(token) <= characters.count else {
                throw ComputeError.tokenizer("token \(token) is outside the vocabulary of \(vocabularySize)")
            }
            text.append(characters[Int(token) - 1])
        }
        return String(text)
    }
}
