/// From text to tokens: added tokens, normalisation, words, merges.
struct BPEPipeline {
    private let normalizer: Normalizer
    private let preTokenizer: PreTokenizer
    private let model: BPEModel
    /// Looked for in the text as it is.
    private let plainTokens: AddedTokenFinder
    /// Looked for in the normalised text, in their normalised spelling.
    private let normalizedTokens: AddedTokenFinder

    init(_ root: JSONField, vocabulary: BPEVocabulary, added: [AddedToken]) throws(ComputeError) {
        let normalizer = try Normalizer(root)
        self.normalizer = normalizer
        preTokenizer = try PreTokenizer(root)
        model = try BPEModel(root.required("model"), vocabulary: vocabulary, isByteLevel: preTokenizer.isByteLevel)
        let plain = added.filter { !$0.isNormalized }, normalized = added.filter(\.isNormalized)
        plainTokens = AddedTokenFinder(plain, patterns: plain.map(\.content))
        normalizedTokens = AddedTokenFinder(
            normalized, patterns: normalized.map { Array(normalizer.apply($0.content[...])) })
    }

    /// How decoding spells the added tokens: as they are looked for.
    var addedSpellings: [Int32: [UInt8]] { plainTokens.spellings.merging(normalizedTokens.spellings) { $1 } }

    var isByteLevel: Bool { preTokenizer.isByteLevel }

    /// The tokens of a text in UTF-8.
    func encode(_ text: [UInt8]) throws(BPEModel.UnknownScalar) -> [Int32] {
        var pass = BPEPass(model, reserving: text.count / 3 + 1)
        guard !text.isEmpty else { return [] }
        for fragment in plainTokens.fragments(of: Piece(bytes: text[...], startsText: true)) {
            switch fragment {
            case .token(let token): pass.append(token)
            case .text(let piece): try encode(piece, &pass)
            }
        }
        return pass.tokens
    }

    private func encode(_ piece: Piece, _ pass: inout BPEPass) throws(BPEModel.UnknownScalar) {
        let normalized = Piece(bytes: normalizer.apply(piece.bytes), startsText: piece.startsText)
        for fragment in normalizedTokens.fragments(of: normalized) {
            switch fragment {
            case .token(let token): pass.append(token)
            case .text(let piece):
                for word in preTokenizer.words(of: piece) { try pass.append(word: word.bytes) }
            }
        }
    }
}
