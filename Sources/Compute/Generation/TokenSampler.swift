internal import CKernels
internal import Glibc

/// Draws tokens from rows of logits and reports the log-probability the PPO ratio needs.
///
/// The reported log-probability is that of the whole distribution softmax(logits / temperature): penalty, top-k, top-p
/// and the minimum length only change the draw. The training forward computes the same quantity, so importance ratios
/// begin at one whatever the mask. Greedy reports it at temperature 1.
package struct TokenSampler {
    private let sampling: Sampling
    private let scale: Float
    /// The row as penalty and exclusions leave it.
    private var changed: [Float] = []
    /// Weights of the row to draw from, and their sums over blocks of `KERNELS_DRAW_BLOCK`.
    private var weights: [Float] = []
    private var blockSums: [Float] = []
    private var bins = RankBins()

    package init(_ sampling: Sampling) {
        self.sampling = sampling
        scale = 1 / sampling.temperature
    }

    /// Why a sampling setting cannot be used, or nil.
    package static func fault(in sampling: Sampling) -> String? {
        guard case .sample(let temperature, let topK, let topP) = sampling else { return nil }
        if !(temperature > 0 && temperature.isFinite) { return "temperature \(temperature) is not above 0" }
        if !(1 / temperature).isFinite { return "temperature \(temperature) is too small; take greedy sampling" }
        if let topK, topK < 1 { return "top-k \(topK) is below 1" }
        if !(topP > 0 && topP <= 1) { return "top-p \(topP) is not in (0, 1]" }
        return nil
    }

    /// Chooses a token; nil when the logits are not finite, which means the weights are broken.
    ///
    /// `uniform` is a number in [0, 1) and matters only when sampling.
    mutating func choose(
        from logits: UnsafeBufferPointer<Float>, by rules: DrawRules = DrawRules(), uniform: Double,
    ) -> DrawnToken? {
        guard let row = logits.baseAddress, logits.count > 0 else { return nil }
        let peak = kernels_largest(row, logits.count)
        guard peak.isFinite else { return nil }
        var weighted = 0.0
        let total = weigh(row, count: logits.count, peak: peak, &weighted)
        // A NaN anywhere makes the total NaN; minus infinity is a legal, impossible token.
        guard total.isFinite else { return nil }
        let token: Int
        if rules.isEmpty {
            token = draw(row, count: logits.count, peak: peak, total: total, uniform)
        } else {
            token = drawChanged(logits, by: rules, uniform)
        }
        let logTotal = log(total)
        return DrawnToken(
            token: Int32(token), logProbability: (row[token] - peak) * scale - Float(logTotal),
            entropy: Float(max(0, logTotal - weighted / total)))
    }

    /// Fills `weights` and `blockSums` and returns the sum of all.
    private mutating func weigh(_ row: FloatPointer, count: Int, peak: Float, _ weighted: inout Double) -> Double {
        if weights.count != count {
            weights = Array(repeating: 0, count: count)
            blockSums = Array(repeating: 0, count: (count + Self.block - 1) / Self.block)
        }
        return kernels_softmax_weights(row, count, peak, scale, &weights, &blockSums, &weighted)
    }

    private static let block = Int(KERNELS_DRAW_BLOCK)
}

// MARK: - Drawing

extension TokenSampler {
    /// Draws from a copy of the row to which penalty and exclusions were applied. Its weights are taken against its
    /// own peak, because beside an excluded token that is far more probable all others would be zero.
    private mutating func drawChanged(
        _ logits: UnsafeBufferPointer<Float>, by rules: DrawRules, _ uniform: Double
    ) -> Int {
        changed.removeAll(keepingCapacity: true)
        changed.append(contentsOf: logits)
        if rules.repetitionPenalty != 1 {
            for token in rules.repeated {
                let value = changed[Int(token)]
                changed[Int(token)] = value < 0 ? value * rules.repetitionPenalty : value / rules.repetitionPenalty
            }
        }
        for token in rules.excluded where changed.indices.contains(Int(token)) { changed[Int(token)] = -.infinity }
        let row = changed
        return row.withUnsafeBufferPointer { row in
            guard let first = row.baseAddress else { return 0 }
            let peak = kernels_largest(first, row.count)
            guard peak.isFinite else { return lowestAllowed(by: rules) }
            var weighted = 0.0
            let total = weigh(first, count: row.count, peak: peak, &weighted)
            return draw(first, count: row.count, peak: peak, total: total, uniform)
        }
    }

    /// What is left to take when every allowed token is impossible.
    private func lowestAllowed(by rules: DrawRules) -> Int {
        changed.indices.first { !rules.excluded.contains(Int32($0)) } ?? 0
    }

    private mutating func draw(_ row: FloatPointer, count: Int, peak: Float, total: Double, _ uniform: Double) -> Int {
        switch sampling {
        case .greedy:
            return kernels_first_equal(row, count, peak)
        case .sample(_, nil, 1):
            return drawInTokenOrder(uniform * total)
        case .sample(_, let topK, let topP):
            bins.fill(row, peak: peak, scale: scale, weights: weights)
            return bins.draw(row, weights: weights, topK: topK, topP: topP, uniform)
        }
    }

    /// Inverse of the cumulative distribution over the tokens in their order: blocks first, then inside one.
    private func drawInTokenOrder(_ goal: Double) -> Int {
        var rest = goal
        var last = 0
        for block in blockSums.indices where blockSums[block] > 0 {
            last = block
            if rest < Double(blockSums[block]) { break }
            rest -= Double(blockSums[block])
        }
        var chosen = 0
        for token in last * Self.block..<min((last + 1) * Self.block, weights.count) where weights[token] > 0 {
            // The last token with any weight takes what rounding leaves over.
            chosen = token
            rest -= Double(weights[token])
            if rest < 0 { break }
        }
        return chosen
    }
}
