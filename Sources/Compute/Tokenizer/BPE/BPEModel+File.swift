/// The entries of a vocabulary file by their spelling.
///
/// Spellings are compared as bytes: Swift's strings are equal when canonically equivalent, tokens are not.
struct BPEVocabulary {
    let tokens: [ArraySlice<UInt8>: Int32]
    /// Above the highest token.
    let size: Int

    /// More than any vocabulary in use has; what lies beyond is damage, and would cost memory without end.
    static let limit = 1 << 20

    init(_ field: JSONField) throws(ComputeError) {
        guard let members = field.value.asMembers else { throw field.fault("is no object") }
        guard !members.isEmpty else { throw field.fault("is empty") }
        var tokens: [ArraySlice<UInt8>: Int32] = [:]
        var isTaken = [Bool](repeating: false, count: members.count)
        tokens.reserveCapacity(members.count)
        for member in members {
            guard let token = member.value.asInt, (0..<Self.limit).contains(token) else {
                throw field.fault("has no token below \(Self.limit) for '\(member.name)'")
            }
            if token >= isTaken.count {
                isTaken += repeatElement(false, count: token + 1 - isTaken.count)
            }
            guard !isTaken[token] else { throw field.fault("has token \(token) twice, again for '\(member.name)'") }
            isTaken[token] = true
            tokens[Array(member.name.utf8)[...]] = Int32(token)
        }
        self.tokens = tokens
        size = isTaken.count
    }

    subscript(_ text: some Sequence<UInt8>) -> Int32? { tokens[Array(text)[...]] }
}

extension BPEModel {
    /// Reads the `model` of a `tokenizer.json`. Throws `damagedFile` for what is broken or beyond this version.
    init(_ field: JSONField, vocabulary: BPEVocabulary, isByteLevel: Bool) throws(ComputeError) {
        try Self.refuseUnsupported(field)
        self.isByteLevel = isByteLevel
        merges = try Self.merges(field.required("merges"), vocabulary)
        fusesUnknown = try field.flag("fuse_unk", absent: false)
        if let name = field["unk_token"] {
            guard let token = vocabulary[try name.string().utf8] else { throw name.fault("is not in the vocabulary") }
            unknown = token
        } else {
            unknown = nil
        }
        if isByteLevel {
            byteTokens = ByteAlphabet.characters.map { vocabulary[String(Character($0)).utf8] ?? -1 }
            characterTokens = [:]
        } else {
            let fallsBack = try field.flag("byte_fallback", absent: false)
            byteTokens = (UInt8(0)...255).map { fallsBack ? vocabulary[ByteFallback.spelling(of: $0)] ?? -1 : -1 }
            characterTokens = Self.characters(of: vocabulary)
        }
        wholeWords = try field.flag("ignore_merges", absent: false) ? Self.words(of: vocabulary, isByteLevel) : [:]
    }

    private static func refuseUnsupported(_ field: JSONField) throws(ComputeError) {
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = field[name], try !affix.string().isEmpty { throw affix.fault("is not supported") }
        }
        if let dropout = field["dropout"], dropout.value.asDouble != 0 { throw dropout.fault("is not supported") }
    }

    private static func merges(
        _ field: JSONField, _ vocabulary: BPEVocabulary
    ) throws(ComputeError) -> [UInt64: Merge] {
        guard let list = field.value.asArray else { throw field.fault("is no list") }
        var merges: [UInt64: Merge] = [:]
        merges.reserveCapacity(list.count)
        for (rank, entry) in list.enumerated() {
            guard let (left, right) = halves(of: entry) else { throw field.fault("[\(rank)] is no pair of tokens") }
            guard let first = vocabulary.tokens[left], let second = vocabulary.tokens[right],
                let joined = vocabulary[left + right]
            else {
                let text = String(decoding: left + [UInt8(ascii: " ")] + right, as: UTF8.self)
                throw field.fault("[\(rank)] '\(text)' names what the vocabulary lacks")
            }
            merges[pair(first, second)] = Merge(rank: UInt32(truncatingIfNeeded: rank), token: joined)
        }
        return merges
    }

    /// Both spellings of a merge: `"a b"` and `["a", "b"]`.
    private static func halves(of entry: JSONValue) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
        switch entry {
        case .string(let text):
            let parts = Array(text.utf8).split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            return parts.count == 2 ? (Array(parts[0])[...], Array(parts[1])[...]) : nil
        case .array(let parts):
            guard parts.count == 2, let left = parts[0].asString, let right = parts[1].asString else { return nil }
            return (Array(left.utf8)[...], Array(right.utf8)[...])
        default: return nil
        }
    }

    private static func characters(of vocabulary: BPEVocabulary) -> [UInt32: Int32] {
        var characters: [UInt32: Int32] = [:]
        for (text, token) in vocabulary.tokens where !text.isEmpty {
            let (scalar, end) = text.scalar(at: text.startIndex)
            if end == text.endIndex { characters[scalar.value] = token }
        }
        return characters
    }

    /// The vocabulary by the bytes that words consist of.
    private static func words(of vocabulary: BPEVocabulary, _ isByteLevel: Bool) -> [ArraySlice<UInt8>: Int32] {
        guard isByteLevel else { return vocabulary.tokens }
        var words: [ArraySlice<UInt8>: Int32] = [:]
        words.reserveCapacity(vocabulary.tokens.count)
        for (text, token) in vocabulary.tokens {
            let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
            if let bytes = ByteAlphabet.bytes(of: scalars) { words[bytes[...]] = token }
        }
        return words
    }
}
