/// Merges the symbols of a long word with a queue of pairs: n log n, where looking at all pairs would be n².
struct LongMerger {
    private let model: BPEModel
    private var symbols: [Int32]
    /// Neighbours of each symbol; -1 at the ends.
    private var before: [Int]
    private var after: [Int]
    /// The rank of each symbol with the one after it; `.max` where they do not merge.
    private var ranks: [UInt32]
    private var queue: MergeQueue

    init(_ symbols: [Int32], _ model: BPEModel) {
        self.model = model
        self.symbols = symbols
        before = Array(-1..<symbols.count - 1)
        after = Array(1..<symbols.count) + [-1]
        ranks = zip(symbols, symbols.dropFirst()).map { model.merge($0, $1)?.rank ?? .max } + [.max]
        queue = MergeQueue(ranks.indices.filter { [ranks] in ranks[$0] != .max }.map { [ranks] in (ranks[$0], $0) })
    }

    /// The symbols when no pair is left to join.
    consuming func merged() -> [Int32] {
        while let (rank, index) = queue.popFirst() {
            // An entry whose pair has changed since is passed over.
            let right = after[index]
            guard ranks[index] == rank, right >= 0, let merge = model.merge(symbols[index], symbols[right]) else {
                continue
            }
            symbols[index] = merge.token
            symbols[right] = -1
            ranks[right] = .max
            after[index] = after[right]
            if after[right] >= 0 { before[after[right]] = index }
            update(index)
            if before[index] >= 0 { update(before[index]) }
        }
        return symbols.filter { $0 >= 0 }
    }

    /// Looks again at a symbol and the one after it.
    private mutating func update(_ index: Int) {
        let right = after[index]
        ranks[index] = right < 0 ? .max : model.merge(symbols[index], symbols[right])?.rank ?? .max
        if ranks[index] != .max { queue.insert(rank: ranks[index], index: index) }
    }
}

/// A binary heap of pairs, the lowest rank first and of equal ranks the leftmost.
private struct MergeQueue {
    /// Rank in the upper half, index in the lower: one comparison orders by both.
    private var heap: [UInt64]

    init(_ entries: [(rank: UInt32, index: Int)]) {
        heap = entries.map { Self.key($0.rank, $0.index) }
        for parent in (0..<heap.count / 2).reversed() { sink(from: parent) }
    }

    private static func key(_ rank: UInt32, _ index: Int) -> UInt64 {
        UInt64(rank) << 32 | UInt64(UInt32(truncatingIfNeeded: index))
    }

    mutating func insert(rank: UInt32, index: Int) {
        let key = Self.key(rank, index)
        var child = heap.count
        heap.append(key)
        while child > 0, heap[(child - 1) / 2] > key {
            heap[child] = heap[(child - 1) / 2]
            child = (child - 1) / 2
        }
        heap[child] = key
    }

    mutating func popFirst() -> (rank: UInt32, index: Int)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sink(from: 0)
        }
        return (UInt32(truncatingIfNeeded: first >> 32), Int(truncatingIfNeeded: first & 0xFFFF_FFFF))
    }

    private mutating func sink(from start: Int) {
        let key = heap[start]
        var parent = start
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < key else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = key
    }
}
