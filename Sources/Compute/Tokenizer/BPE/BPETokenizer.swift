/// A tokenizer of Hugging Face's `tokenizer.json` with byte-pair encoding: GPT-2, Qwen2, Llama 2 and Llama 3.
///
/// Gives the tokens that the `tokenizers` library gives without its special tokens.
package struct BPETokenizer: TokenizerKind {
    package static let modelType = "BPE"

    package let vocabularySize: Int
    package let specialTokens: SpecialTokens
    package let files: [TokenizerFile]
    private let pipeline: BPEPipeline
    private let spellings: TokenSpellings
    private let decoder: TokenDecoder
    private let hidden: Set<Int32>

    package init(_ document: TokenizerDocument) throws(ComputeError) {
        let root = document.root
        if let version = root["version"], try version.string() != "1.0" { throw version.fault("is not '1.0'") }
        let model = try root.required("model")
        let vocabulary = try BPEVocabulary(model.required("vocab"))
        let added = try AddedToken.read(root, vocabulary: vocabulary)
        vocabularySize = max(vocabulary.size, 1 + Int(added.map(\.token).max() ?? -1))
        pipeline = try BPEPipeline(root, vocabulary: vocabulary, added: added)
        decoder = try TokenDecoder(root)
        guard decoder.isByteLevel == pipeline.isByteLevel else {
            throw root.fault("decoder and pre_tokenizer do not fit: one is ByteLevel and the other is not")
        }
        spellings = TokenSpellings(vocabulary, pipeline.addedSpellings, vocabularySize, decoder.isByteLevel)
        hidden = Set(added.filter(\.isSpecial).map(\.token))
        let template = try TokenTemplate(root, vocabularySize: vocabularySize)
        let names = TokenNames(vocabulary: vocabulary, added: added)
        let beginning =
            switch document.beginning {
            case .asTemplate: template.before
            case .nothing: [Int32]()
            case .token(let name): [names[name]].compactMap { $0 }
            }
        specialTokens = SpecialTokens(
            beginning: beginning,
            ends: EndOfSequence.tokens(document, names, template: template, vocabularySize: vocabularySize))
        files = document.files
    }

    package func encode(_ text: String, at place: TextPlace, row: Int?) throws(ComputeError) -> [Int32] {
        do {
            return try pipeline.encode(Array(text.utf8), at: place)
        } catch {
            let place = row.map { " in row \($0)" } ?? ""
            switch error {
            case .unknown(let scalar): throw ComputeError.tokenizer("\(scalar.shown)\(place) is not in the vocabulary")
            case .exhausted:
                throw ComputeError.tokenizer("the text\(place) is too long for a pattern of \(TokenizerFile.mainName)")
            }
        }
    }

    package func decode(_ tokens: some Sequence<Int32>, at place: TextPlace) throws(ComputeError) -> String {
        let answer = Array(tokens).prefix { !specialTokens.isEnd($0) }
        return String(decoding: try bytes(of: answer, .hidden, at: place), as: UTF8.self)
    }

    package func hasText(_ token: Int32) -> Bool { spellings[token]?.isEmpty == false }

    /// What decoding does with special tokens.
    package enum SpecialTokenRule {
        case shown
        case hidden
    }

    /// The text of all tokens, with no regard to which of them end an answer. Bytes that are no UTF-8 become
    /// replacement characters.
    package func decode(_ tokens: some Sequence<Int32>, _ rule: SpecialTokenRule) throws(ComputeError) -> String {
        String(decoding: try bytes(of: tokens, rule), as: UTF8.self)
    }

    /// The bytes of all tokens; a sequence that was cut in the middle of a character is no UTF-8.
    package func bytes(
        of tokens: some Sequence<Int32>, _ rule: SpecialTokenRule, at place: TextPlace = .beginning
    ) throws(ComputeError) -> [UInt8] {
        var parts: [ArraySlice<UInt8>] = []
        for token in tokens where rule == .shown || !hidden.contains(token) {
            guard let part = spellings[token] else {
                throw ComputeError.tokenizer("token \(token) is outside the vocabulary of \(vocabularySize)")
            }
            parts.append(part)
        }
        return decoder.decode(parts, at: place)
    }
}

/// What each token is spelled as, one behind the other.
private struct TokenSpellings {
    private var bytes: [UInt8] = []
    /// Where each token's spelling begins and ends; an empty range stands for a number that no token has.
    private var ranges: [Range<Int32>]

    init(_ vocabulary: BPEVocabulary, _ added: [Int32: [UInt8]], _ count: Int, _ isByteLevel: Bool) {
        ranges = Array(repeating: 0..<0, count: count)
        for (text, token) in vocabulary.tokens { add(text, token, isByteLevel) }
        for (token, text) in added { add(text[...], token, isByteLevel) }
    }

    private mutating func add(_ text: ArraySlice<UInt8>, _ token: Int32, _ isByteLevel: Bool) {
        let start = Int32(truncatingIfNeeded: bytes.count)
        if isByteLevel {
            // A spelling with a character that is not of the alphabet, as added tokens have, stands for itself.
            let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
            bytes += ByteAlphabet.bytes(of: scalars) ?? Array(text)
        } else {
            bytes += text
        }
        ranges[Int(token)] = start..<Int32(truncatingIfNeeded: bytes.count)
    }

    subscript(_ token: Int32) -> ArraySlice<UInt8>? {
        guard ranges.indices.contains(Int(token)) else { return nil }
        let range = ranges[Int(token)]
        return bytes[Int(range.lowerBound)..<Int(range.upperBound)]
    }
}
