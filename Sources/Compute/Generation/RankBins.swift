/// The tokens of a row by rank, sorted only where it matters: tokens fall into bins by their distance from the peak, and
/// only the bins in which top-k, top-p or the draw itself ends are put in order.
///
/// So a draw from a nucleus costs a pass over the vocabulary, whatever the nucleus holds.
struct RankBins {
    /// Bins to one unit of scaled logit; what is more than 16 units below the peak shares the last bin.
    private static let binsPerUnit: Float = 16
    private static let count = 256

    /// Bin of each token, or `count` where it is impossible.
    private var binOfToken: [Int16] = []
    private var tokensIn = [Int](repeating: 0, count: count + 1)
    private var weightIn = [Double](repeating: 0, count: count + 1)
    /// Tokens of the bin in order, the best first and the lower of equals first.
    private var order: [Int] = []

    /// Sorts the tokens of a row into bins.
    mutating func fill(_ row: FloatPointer, peak: Float, scale: Float, weights: [Float]) {
        if binOfToken.count != weights.count { binOfToken = Array(repeating: 0, count: weights.count) }
        for bin in 0...Self.count {
            tokensIn[bin] = 0
            weightIn[bin] = 0
        }
        for token in weights.indices {
            let distance = (peak - row[token]) * scale * Self.binsPerUnit
            let isPossible = row[token] > -.infinity
            let bin = isPossible ? (distance < Float(Self.count - 1) ? Int(distance) : Self.count - 1) : Self.count
            binOfToken[token] = Int16(truncatingIfNeeded: bin)
            tokensIn[bin] += 1
            weightIn[bin] += Double(weights[token])
        }
    }

    /// Draws from the `topK` best tokens, cut to the smallest head that reaches `topP` of their weight, the best first.
    mutating func draw(_ row: FloatPointer, weights: [Float], topK: Int?, topP: Float, _ uniform: Double) -> Int {
        var kept = Head(tokens: weights.count - tokensIn[Self.count], weight: weightIn[..<Self.count].reduce(0, +))
        if let topK, topK < kept.tokens { kept = head(row, weights) { $0.tokens >= topK } }
        if topP < 1 {
            let (goal, most) = (Double(topP) * kept.weight, kept.tokens)
            kept = head(row, weights) { $0.weight >= goal || $0.tokens >= most }
        }
        let (goal, most) = (uniform * kept.weight, kept.tokens)
        return head(row, weights) { $0.weight > goal || $0.tokens >= most }.lastWithWeight
    }

    /// The best tokens up to one.
    private struct Head {
        var tokens = 0
        var weight = 0.0
        /// The last of them that can be drawn; known where its bin was put in order.
        var lastWithWeight = 0
    }

    /// The smallest head that is enough. What is enough must stay so with more tokens: a bin after which it is not yet
    /// enough is passed over whole.
    private mutating func head(_ row: FloatPointer, _ weights: [Float], _ isEnough: (Head) -> Bool) -> Head {
        var head = Head()
        for bin in 0..<Self.count where tokensIn[bin] > 0 {
            var whole = head
            whole.tokens += tokensIn[bin]
            whole.weight += weightIn[bin]
            let isLast = isEnough(whole)
            // The first bin is ordered in any case, so that there is a token to fall back to.
            guard isLast || head.tokens == 0 else {
                head = whole
                continue
            }
            sort(bin, row)
            for token in order {
                head.tokens += 1
                head.weight += Double(weights[token])
                if weights[token] > 0 { head.lastWithWeight = token }
                if isEnough(head) { return head }
            }
        }
        return head
    }

    private mutating func sort(_ bin: Int, _ row: FloatPointer) {
        order.removeAll(keepingCapacity: true)
        for token in binOfToken.indices where binOfToken[token] == Int16(bin) { order.append(token) }
        order.sort { (row[$1], $0) < (row[$0], $1) }
    }
}
