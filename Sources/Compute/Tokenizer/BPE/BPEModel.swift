/// Byte-pair encoding: a word's bytes or characters, joined two by two, the pair of the lowest rank first
/// (Sennrich et al., 2016).
struct BPEModel {
    /// What two neighbours become.
    struct Merge {
        let rank: UInt32
        let token: Int32
    }

    /// A word begins as its bytes; else as its characters.
    let isByteLevel: Bool
    /// The tokens of single bytes at each `place` of a word: the alphabet of a byte-level model, else `<0x00>` and so on;
    /// -1 where there is none.
    let byteTokens: [[Int32]]
    /// The tokens of single characters at each `place` of a word; empty in a byte-level model.
    let characterTokens: [[UInt32: Int32]]
    /// Pairs, the left token in the upper half.
    let merges: [UInt64: Merge]
    /// The tokens by their text, where a word that is one is not merged at all; else empty.
    let wholeWords: [ArraySlice<UInt8>: Int32]
    let unknown: Int32?
    /// Several unknown characters in a row are one unknown token.
    let fusesUnknown: Bool

    static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// Vocabularies with a prefix of what goes on with a word, or a suffix of what ends one, tell the places in a word apart:
    /// 1 is behind its first symbol, 2 is its end, 3 is both.
    static func place(isFirst: Bool, isLast: Bool) -> Int { (isFirst ? 0 : 1) + (isLast ? 2 : 0) }

    static let places = [(true, false), (false, false), (true, true), (false, true)]

    /// The merge of two neighbours, if there is one.
    func merge(_ left: Int32, _ right: Int32) -> Merge? { merges[Self.pair(left, right)] }

    /// Appends the word's first symbols; throws the scalar that has none.
    func appendSymbols(of word: ArraySlice<UInt8>, to symbols: inout [Int32]) throws(UnknownScalar) {
        if isByteLevel {
            for (index, byte) in word.indices.lazy.map({ ($0, word[$0]) }) {
                let place = Self.place(isFirst: index == word.startIndex, isLast: index + 1 == word.endIndex)
                let token = byteTokens[place][Int(byte)]
                guard token >= 0 else { throw UnknownScalar(byte: byte, at: index) }
                symbols.append(token)
            }
            return
        }
        var index = word.startIndex, lastUnknown = false
        while index < word.endIndex {
            let (scalar, end) = word.scalar(at: index)
            defer { index = end }
            let place = Self.place(isFirst: index == word.startIndex, isLast: end == word.endIndex)
            if let token = characterTokens[place][scalar.value] {
                symbols.append(token)
                lastUnknown = false
                continue
            }
            let bytes = word[index..<end]
            if bytes.allSatisfy({ byteTokens[0][Int($0)] >= 0 }) {
                for byte in bytes { symbols.append(byteTokens[0][Int(byte)]) }
                lastUnknown = false
            } else if let unknown {
                if !(lastUnknown && fusesUnknown) { symbols.append(unknown) }
                lastUnknown = true
            } else {
                throw UnknownScalar(scalar: scalar)
            }
        }
    }

    /// A part of a text that the vocabulary has no token for.
    struct UnknownScalar: Error {
        let shown: String

        init(scalar: Unicode.Scalar) { shown = "character \(scalar.shown)" }

        init(byte: UInt8, at index: Int) {
            shown = "byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))"
        }
    }
}
