/// The encoding of one text: the tokens so far, and what is remembered from word to word.
struct BPEPass {
    private let model: BPEModel
    private(set) var tokens: [Int32] = []
    /// Where a word's tokens lie in `tokens`. Words repeat; the first ones met are the frequent ones, so a full table
    /// takes no more.
    private var seen: [ArraySlice<UInt8>: Range<Int>] = [:]
    private var symbols: [Int32] = []
    private var short = ShortMerger()

    private static let mostSeen = 16_384
    /// Longer words are rare, and hashing them costs more than it saves.
    private static let longestSeen = 32
    /// Up to here looking at all pairs beats a queue.
    private static let longestShort = 48

    init(_ model: BPEModel, reserving count: Int) {
        self.model = model
        tokens.reserveCapacity(count)
    }

    mutating func append(_ token: Int32) { tokens.append(token) }

    /// Appends the tokens of one word.
    mutating func append(word: ArraySlice<UInt8>) throws(BPEModel.UnknownScalar) {
        let isShort = word.count <= Self.longestSeen
        if isShort, let range = seen[word] {
            for index in range { tokens.append(tokens[index]) }
            return
        }
        let start = tokens.count
        try encode(word)
        if isShort, seen.count < Self.mostSeen { seen[word] = start..<tokens.count }
    }

    private mutating func encode(_ word: ArraySlice<UInt8>) throws(BPEModel.UnknownScalar) {
        if !model.wholeWords.isEmpty, let token = model.wholeWords[word] { return tokens.append(token) }
        symbols.removeAll(keepingCapacity: true)
        try model.appendSymbols(of: word, to: &symbols)
        if symbols.count <= Self.longestShort {
            short.merge(&symbols, model)
        } else {
            symbols = LongMerger(symbols, model).merged()
        }
        tokens += symbols
    }
}

/// Merges the symbols of a short word in place: each round joins the leftmost pair of the lowest rank.
private struct ShortMerger {
    /// The merge of each symbol with the next.
    private var merges: [BPEModel.Merge] = []
    private static let none = BPEModel.Merge(rank: .max, token: -1)

    mutating func merge(_ symbols: inout [Int32], _ model: BPEModel) {
        guard symbols.count > 1 else { return }
        merges.removeAll(keepingCapacity: true)
        for index in 1..<symbols.count { merges.append(model.merge(symbols[index - 1], symbols[index]) ?? Self.none) }
        while true {
            var best = 0
            for index in merges.indices where merges[index].rank < merges[best].rank { best = index }
            guard !merges.isEmpty, merges[best].rank != .max else { return }
            symbols[best] = merges[best].token
            symbols.remove(at: best + 1)
            merges.remove(at: best)
            if best < merges.count { merges[best] = model.merge(symbols[best], symbols[best + 1]) ?? Self.none }
            if best > 0 { merges[best - 1] = model.merge(symbols[best - 1], symbols[best]) ?? Self.none }
        }
    }
}
