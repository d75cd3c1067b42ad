internal import CKernels
internal import Glibc

/// How the next token is chosen from the logits of one row.
package enum Sampling: Sendable, Equatable {
    /// The most probable token; the lowest token of equals.
    case greedy
    /// A draw from softmax(logits / temperature), restricted to the `topK` most probable tokens and then to the
    /// smallest set of those whose renormalised probability reaches `topP`.
    case sample(temperature: Float = 1, topK: Int? = nil, topP: Float = 1)
}

/// Draws tokens from rows of logits and reports the log-probability the PPO ratio needs.
///
/// The reported log-probability is that of the whole distribution softmax(logits / temperature): top-k, top-p and the
/// minimum length only mask the draw. The training forward computes the same quantity, so importance ratios begin at
/// one whatever the mask. Greedy reports it at temperature 1.
package struct TokenSampler {
    private let sampling: Sampling
    /// Scaled logits minus their largest, and their exponentials, of the row at hand.
    private var scaled: [Float] = []
    private var weights: [Float] = []
    private var order: [Int] = []

    package init(_ sampling: Sampling) {
        self.sampling = sampling
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
    /// `excluded` tokens cannot be drawn (they never cover the whole vocabulary); `uniform` is a number in [0, 1) and
    /// matters only when sampling.
    package mutating func choose(
        from logits: UnsafeBufferPointer<Float>, excluding excluded: [Int32], uniform: Double,
    ) -> (token: Int32, logProbability: Float)? {
        guard let peak = logits.max(), peak.isFinite else { return nil }
        var scale: Float = 1
        if case .sample(let temperature, _, _) = sampling { scale = 1 / temperature }
        scaled.removeAll(keepingCapacity: true)
        for value in logits { scaled.append((value - peak) * scale) }
        weights.removeAll(keepingCapacity: true)
        weights.append(contentsOf: repeatElement(0, count: logits.count))
        weigh(against: 0)
        let total = weights.reduce(0.0) { $0 + Double($1) }
        // A NaN anywhere makes the total NaN; minus infinity is a legal, impossible token.
        guard total.isFinite else { return nil }
        if !excluded.isEmpty { exclude(excluded) }
        let token = draw(uniform, excluding: excluded)
        return (Int32(token), scaled[token] - Float(log(total)))
    }

    /// Fills `weights` with the exponentials of `scaled` minus `shift`.
    private mutating func weigh(against shift: Float) {
        kernels_exp(scaled, shift, scaled.count, &weights)
        // The kernel's least value is not quite zero; a token of minus infinity must be impossible.
        for index in scaled.indices where scaled[index] - shift < -87 { weights[index] = 0 }
    }

    /// Takes the weight of excluded tokens away. The others are weighed against the best of them, because beside an
    /// excluded token that is far more probable they would all be zero.
    private mutating func exclude(_ excluded: [Int32]) {
        let peak = scaled[best(excluding: excluded)]
        if peak < 0, peak.isFinite { weigh(against: peak) }
        for token in excluded where weights.indices.contains(Int(token)) { weights[Int(token)] = 0 }
    }

    private mutating func draw(_ uniform: Double, excluding excluded: [Int32]) -> Int {
        switch sampling {
        case .greedy:
            return best(excluding: excluded)
        case .sample(_, nil, 1):
            return draw(uniform, among: weights.indices) ?? best(excluding: excluded)
        case .sample(_, let topK, let topP):
            rank(excluding: excluded, keeping: topK ?? weights.count)
            cutToNucleus(topP: topP)
            return draw(uniform, among: order) ?? best(excluding: excluded)
        }
    }

    /// The most probable allowed token; the lowest of equals.
    private func best(excluding excluded: [Int32]) -> Int {
        var best: Int?
        for token in scaled.indices where best.map({ scaled[token] > scaled[$0] }) ?? true {
            if !excluded.contains(Int32(token)) { best = token }
        }
        return best ?? 0
    }

    /// Inverse of the cumulative distribution over the candidates, in their order; nil where none has any weight.
    private func draw(_ uniform: Double, among candidates: some Collection<Int>) -> Int? {
        var rest = uniform * candidates.reduce(0.0) { $0 + Double(weights[$1]) }
        var chosen: Int?
        for token in candidates where weights[token] > 0 {
            // The last token with any weight takes what rounding leaves over.
            chosen = token
            rest -= Double(weights[token])
            if rest < 0 { break }
        }
        return chosen
    }

    /// Fills `order` with the `limit` most probable allowed tokens, best first, the lower of equals first.
    private mutating func rank(excluding excluded: [Int32], keeping limit: Int) {
        order.removeAll(keepingCapacity: true)
        guard limit < scaled.count / 8 else {
            order.append(contentsOf: scaled.indices.lazy.filter { !excluded.contains(Int32($0)) })
            order = order.sorted { isAhead($0, $1) }
            order.removeLast(max(0, order.count - limit))
            return
        }
        // A short list is kept sorted by insertion: one comparison for most tokens of a large vocabulary.
        for token in scaled.indices where order.count < limit || order.last.map({ isAhead(token, $0) }) == true {
            guard !excluded.contains(Int32(token)) else { continue }
            if order.count == limit { order.removeLast() }
            let place = order.firstIndex { isAhead(token, $0) } ?? order.endIndex
            order.insert(token, at: place)
        }
    }

    private func isAhead(_ left: Int, _ right: Int) -> Bool {
        (scaled[right], left) < (scaled[left], right)
    }

    /// Shortens `order` to the smallest head whose share of the ranked tokens reaches `topP`.
    private mutating func cutToNucleus(topP: Float) {
        guard topP < 1 else { return }
        let goal = Double(topP) * order.reduce(0.0) { $0 + Double(weights[$1]) }
        var sum = 0.0
        for (index, token) in order.enumerated() {
            sum += Double(weights[token])
            if sum >= goal {
                order.removeLast(order.count - index - 1)
                return
            }
        }
    }
}
