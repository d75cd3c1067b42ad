extension AddedToken {
    /// The longest content a token may have: searching costs the length of the text times this.
    private static let longest = 256

    /// Reads the `added_tokens` of a `tokenizer.json`, special ones first: of two with one content the first counts.
    static func read(_ root: JSONField, vocabulary: BPEVocabulary) throws(ComputeError) -> [AddedToken] {
        guard let list = root["added_tokens"] else { return [] }
        var tokens: [AddedToken] = []
        var spellings: [Int32: [UInt8]] = [:]
        for field in try list.elements() {
            let added = try AddedToken(field)
            let known = vocabulary.tokens[added.content[...]]
            guard known == nil || known == added.token else {
                throw field.fault("has another id than the vocabulary has for its content")
            }
            guard spellings.updateValue(added.content, forKey: added.token) == nil else {
                throw field.fault("has an id that another added token has")
            }
            tokens.append(added)
        }
        for (text, token) in vocabulary.tokens {
            if let added = spellings[token], added[...] != text {
                throw list.fault("has id \(token), which the vocabulary has for another token")
            }
        }
        return tokens.filter(\.isSpecial) + tokens.filter { !$0.isSpecial }
    }

    private init(_ field: JSONField) throws(ComputeError) {
        token = Int32(try field.required("id").integer(below: BPEVocabulary.limit))
        let text = try field.required("content")
        content = Array(try text.string().utf8)
        guard (1...Self.longest).contains(content.count) else {
            throw text.fault("has \(content.count) bytes; 1 to \(Self.longest) are supported")
        }
        isSpecial = try field.flag("special", absent: false)
        isSingleWord = try field.flag("single_word", absent: false)
        stripsLeft = try field.flag("lstrip", absent: false)
        stripsRight = try field.flag("rstrip", absent: false)
        isNormalized = try field.flag("normalized", absent: true)
    }
}
