/// A token that is found in the text itself, before the text is cut into words.
struct AddedToken {
    let token: Int32
    let content: [UInt8]
    /// Left out of decoded text.
    let isSpecial: Bool
    /// Found only where no word character touches it.
    let isSingleWord: Bool
    /// Takes the white space before it.
    let stripsLeft: Bool
    /// Takes the white space behind it.
    let stripsRight: Bool
    /// Looked for in the normalised text.
    let isNormalized: Bool
}

/// Finds added tokens: from left to right, at each place the longest.
struct AddedTokenFinder {
    /// What a text consists of.
    enum Fragment {
        case text(Piece)
        case token(Int32)
    }

    private let tokens: [AddedToken]
    private let patterns: [[UInt8]]
    /// Children by parent node and byte.
    private var children: [UInt64: UInt32] = [:]
    /// The index in `tokens` of what ends at a node, -1 where nothing does.
    private var endings: [Int32] = [-1]
    private var canBegin = [Bool](repeating: false, count: 256)

    /// - Parameter patterns: how each token is spelled in the text that is searched.
    init(_ tokens: [AddedToken], patterns: [[UInt8]]) {
        self.tokens = tokens
        self.patterns = patterns
        for (index, pattern) in patterns.enumerated() where !pattern.isEmpty {
            canBegin[Int(pattern[0])] = true
            var node: UInt32 = 0
            for byte in pattern {
                let key = Self.key(node, byte)
                if let child = children[key] {
                    node = child
                } else {
                    let child = UInt32(truncatingIfNeeded: endings.count)
                    endings.append(-1)
                    children[key] = child
                    node = child
                }
            }
            // Of two tokens with one spelling the first counts.
            if endings[Int(node)] < 0 { endings[Int(node)] = Int32(truncatingIfNeeded: index) }
        }
    }

    /// How each token is spelled in the text that is searched.
    var spellings: [Int32: [UInt8]] {
        Dictionary(zip(tokens.map(\.token), patterns)) { first, _ in first }
    }

    private static func key(_ node: UInt32, _ byte: UInt8) -> UInt64 { UInt64(node) << 8 | UInt64(byte) }

    /// Cuts a piece into added tokens and what lies between them.
    func fragments(of piece: Piece) -> [Fragment] {
        let text = piece.bytes
        guard !tokens.isEmpty else { return [.text(piece)] }
        var fragments: [Fragment] = []
        var taken = text.startIndex, index = text.startIndex
        while let (token, found) = next(in: text, from: index) {
            index = found.upperBound
            if token.isSingleWord, Self.touchesWord(found, in: text) { continue }
            var start = found.lowerBound, end = found.upperBound
            if token.stripsLeft {
                while start > taken, case let before = text.scalarStart(before: start),
                    text.scalar(at: before).scalar.properties.isWhitespace
                { start = before }
            }
            if token.stripsRight {
                while end < text.endIndex, case let (scalar, after) = text.scalar(at: end),
                    scalar.properties.isWhitespace
                { end = after }
            }
            if taken < start { fragments.append(.text(piece.part(taken..<start))) }
            fragments.append(.token(token.token))
            taken = end
            index = max(index, end)
        }
        if taken < text.endIndex { fragments.append(.text(piece.part(taken..<text.endIndex))) }
        return fragments
    }

    private func next(in text: ArraySlice<UInt8>, from start: Int) -> (AddedToken, Range<Int>)? {
        for begin in start..<text.endIndex where canBegin[Int(text[begin])] {
            var node: UInt32 = 0, longest: (AddedToken, Range<Int>)?
            for index in begin..<text.endIndex {
                guard let child = children[Self.key(node, text[index])] else { break }
                node = child
                let ending = endings[Int(node)]
                if ending >= 0 { longest = (tokens[Int(ending)], begin..<index + 1) }
            }
            if let longest { return longest }
        }
        return nil
    }

    private static func touchesWord(_ range: Range<Int>, in text: ArraySlice<UInt8>) -> Bool {
        if range.lowerBound > text.startIndex {
            let before = text.scalarStart(before: range.lowerBound)
            if text.scalar(at: before).scalar.isWordCharacter { return true }
        }
        return range.upperBound < text.endIndex && text.scalar(at: range.upperBound).scalar.isWordCharacter
    }
}
