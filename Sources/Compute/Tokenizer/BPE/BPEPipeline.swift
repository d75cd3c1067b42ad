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
            normalized,
            patterns: normalized.map {
                // A pattern that gives up on a token's spelling leaves it as it is.
                Array((try? normalizer.apply(Piece(bytes: $0.content[...], place: .inside))) ?? $0.content[...])
            })
    }

    /// How decoding spells the added tokens: as they are looked for.
    var addedSpellings: [Int32: [UInt8]] { plainTokens.spellings.merging(normalizedTokens.spellings) { $1 } }

    var isByteLevel: Bool { preTokenizer.isByteLevel }

    /// The tokens of a text in UTF-8.
    func encode(_ text: [UInt8], at place: TextPlace) throws(EncodingFault) -> [Int32] {
        var pass = BPEPass(model, reserving: text.count / 3 + 1)
        guard !text.isEmpty else { return [] }
        for fragment in plainTokens.fragments(of: Piece(bytes: text[...], place: Piece.Place(place))) {
            switch fragment {
            case .token(let token): pass.append(token)
            case .text(let piece): try encode(piece, &pass)
            }
        }
        return pass.tokens
    }

    private func encode(_ piece: Piece, _ pass: inout BPEPass) throws(EncodingFault) {
        let normalized: Piece
        do { normalized = piece.with(try normalizer.apply(piece)) } catch { throw .exhausted }
        for fragment in normalizedTokens.fragments(of: normalized) {
            switch fragment {
            case .token(let token): pass.append(token)
            case .text(let piece):
                let words: [Piece]
                do { words = try preTokenizer.words(of: piece) } catch { throw .exhausted }
                do throws(BPEModel.UnknownScalar) {
                    for word in words { try pass.append(word: word.bytes) }
                } catch {
                    throw .unknown(error)
                }
            }
        }
    }
}

/// Why a text has no tokens.
enum EncodingFault: Error {
    case unknown(BPEModel.UnknownScalar)
    /// A pattern of the file needs more steps back than are tried.
    case exhausted
}
