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
        if let dropout = field["dropout"], dropout.value.asDouble != 0 { throw dropout.unsupported("is not supported") }
        self.isByteLevel = isByteLevel
        let affixes = try Affixes(field)
        merges = try Self.merges(field.required("merges"), vocabulary, prefix: affixes.prefix.count)
        fusesUnknown = try field.flag("fuse_unk", absent: false)
        if let name = field["unk_token"] {
            guard let token = vocabulary[try name.string().utf8] else { throw name.fault("is not in the vocabulary") }
            unknown = token
        } else {
            unknown = nil
        }
        let fallsBack = try field.flag("byte_fallback", absent: false)
        if isByteLevel {
            byteTokens = affixes.atPlaces { affix in
                ByteAlphabet.characters.map { vocabulary[affix(Array(String(Character($0)).utf8))] ?? -1 }
            }
            characterTokens = []
        } else {
            let bytes = (UInt8(0)...255).map { fallsBack ? vocabulary[ByteFallback.spelling(of: $0)] ?? -1 : -1 }
            byteTokens = [bytes]
            characterTokens = affixes.atPlaces { Self.characters(of: vocabulary, $0) }
        }
        wholeWords = try field.flag("ignore_merges", absent: false) ? Self.words(of: vocabulary, isByteLevel) : [:]
    }

    private static func merges(
        _ field: JSONField, _ vocabulary: BPEVocabulary, prefix: Int
    ) throws(ComputeError) -> [UInt64: Merge] {
        guard let list = field.value.asArray else { throw field.fault("is no list") }
        var merges: [UInt64: Merge] = [:]
        merges.reserveCapacity(list.count)
        for (rank, entry) in list.enumerated() {
            guard let (left, right) = halves(of: entry) else { throw field.fault("[\(rank)] is no pair of tokens") }
            guard let first = vocabulary.tokens[left], let second = vocabulary.tokens[right],
                let joined = vocabulary[left + right.dropFirst(prefix)]
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

    /// The tokens of single characters, each as `affix` spells it.
    private static func characters(
        of vocabulary: BPEVocabulary, _ affix: ([UInt8]) -> [UInt8]
    ) -> [UInt32: Int32] {
        var characters: [UInt32: Int32] = [:]
        let bare = affix([])
        guard bare.isEmpty else {
            let place = affix([0]).firstIndex(of: 0) ?? 0
            let before = bare[..<place], after = bare[place...]
            for (text, token) in vocabulary.tokens
            where text.count > bare.count && text.starts(with: before) && text.reversed().starts(with: after.reversed())
            {
                let inner = text.dropFirst(before.count).dropLast(after.count)
                let (scalar, end) = inner.scalar(at: inner.startIndex)
                if end == inner.endIndex { characters[scalar.value] = token }
            }
            return characters
        }
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

/// What a vocabulary puts before symbols that go on with a word, and behind the one that ends it; mostly nothing.
private struct Affixes {
    let prefix: [UInt8]
    let suffix: [UInt8]

    init(_ field: JSONField) throws(ComputeError) {
        prefix = Array(try field["continuing_subword_prefix"]?.string().utf8 ?? "".utf8)
        suffix = Array(try field["end_of_word_suffix"]?.string().utf8 ?? "".utf8)
    }

    /// A table for every place in a word, given how symbols are spelled there; where nothing is put, one for all.
    func atPlaces<Table>(_ table: (_ affix: ([UInt8]) -> [UInt8]) -> Table) -> [Table] {
        guard !prefix.isEmpty || !suffix.isEmpty else {
            return Array(repeating: table { $0 }, count: BPEModel.places.count)
        }
        return BPEModel.places.map { isFirst, isLast in
            table { (isFirst ? [] : prefix) + $0 + (isLast ? suffix : []) }
        }
    }
}
