import Glibc

/// How the next token is chosen from the logits of one row.
package enum Sampling: Sendable, Equatable, Codable {
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
    private var order: [Int] = []

    package init(_ sampling: Sampling) {
        self.sampling = sampling
    }

    /// Why a sampling setting cannot be used, or nil.
    package static func fault(in sampling: Sampling) -> String? {
        guard case .sample(let temperature, let topK, let topP) = sampling else { return nil }
        if !(temperature > 0 && temperature.isFinite) { return "temperature \(temperature) is not above 0" }
        if let topK, topK < 1 { return "top-k \(topK) is below 1" }
        if !(topP > 0 && topP <= 1) { return "top-p \(topP) is not in (0, 1]" }
        return nil
    }

    /// Chooses a token; nil when the logits are not finite, which means the weights are broken.
    ///
    /// `logits` is overwritten with scratch values, `excluded` tokens cannot be drawn (they never cover the whole
    /// vocabulary), `uniform` is a number in [0, 1) and matters only when sampling.
    package mutating func choose(
        from logits: UnsafeMutableBufferPointer<Float>, excluding excluded: [Int32], uniform: Double,
    ) -> (token: Int32, logProbability: Float)? {
        guard let peak = logits.max(), peak.isFinite else { return nil }
        var scale: Float = 1
        if case .sample(let temperature, _, _) = sampling { scale = 1 / temperature }
        var total = 0.0
        for index in logits.indices {
            logits[index] = (logits[index] - peak) * scale
            total += Double(expf(logits[index]))
        }
        // A NaN anywhere makes the total NaN; minus infinity is a legal, impossible token.
        guard total.isFinite else { return nil }
        let logTotal = Float(log(total))
        let token: Int
        switch sampling {
        case .greedy:
            token = Self.best(logits, excluding: excluded)
        case .sample(_, nil, 1):
            token = Self.draw(from: logits.indices, of: logits, excluding: excluded, uniform: uniform)
        case .sample(_, let topK, let topP):
            rank(logits, excluding: excluded, keeping: topK ?? logits.count)
            cutToNucleus(logits, topP: topP)
            token = Self.draw(from: order, of: logits, excluding: [], uniform: uniform)
        }
        return (Int32(token), logits[token] - logTotal)
    }

    /// The most probable allowed token; the lowest of equals.
    private static func best(_ logits: UnsafeMutableBufferPointer<Float>, excluding excluded: [Int32]) -> Int {
        var best = -1
        for token in logits.indices where best < 0 || logits[token] > logits[best] {
            if !excluded.contains(Int32(token)) { best = token }
        }
        return max(best, 0)
    }

    /// Inverse of the cumulative distribution over the candidates, in their order.
    private static func draw(
        from candidates: some Collection<Int>, of logits: UnsafeMutableBufferPointer<Float>, excluding excluded: [Int32],
        uniform: Double,
    ) -> Int {
        var total = 0.0
        for token in candidates where !excluded.contains(Int32(token)) { total += Double(expf(logits[token])) }
        var rest = uniform * total
        var chosen = 0
        for token in candidates where !excluded.contains(Int32(token)) {
            let weight = Double(expf(logits[token]))
            // The last token with any weight takes what rounding leaves over.
            guard weight > 0 else { continue }
            chosen = token
            rest -= weight
            if rest < 0 { break }
        }
        return chosen
    }

    /// Fills `order` with the `limit` most probable allowed tokens, best first, the lower of equals first.
    private mutating func rank(
        _ logits: UnsafeMutableBufferPointer<Float>, excluding excluded: [Int32], keeping limit: Int,
    ) {
        order.removeAll(keepingCapacity: true)
        func ahead(_ left: Int, _ right: Int) -> Bool {
            (logits[right], left) < (logits[left], right)
        }
        guard limit < logits.count / 8 else {
            order.append(contentsOf: logits.indices.lazy.filter { !excluded.contains(Int32($0)) })
            order.sort(by: ahead)
            order.removeLast(max(0, order.count - limit))
            return
        }
        // A short list is kept sorted by insertion: one comparison for most tokens of a large vocabulary.
        for token in logits.indices where order.count < limit || order.last.map({ ahead(token, $0) }) == true {
            guard !excluded.contains(Int32(token)) else { continue }
            if order.count == limit { order.removeLast() }
            let place = order.firstIndex { ahead(token, $0) } ?? order.endIndex
            order.insert(token, at: place)
        }
    }

    /// Shortens `order` to the smallest head whose share of the ranked tokens reaches `topP`.
    private mutating func cutToNucleus(_ logits: UnsafeMutableBufferPointer<Float>, topP: Float) {
        guard topP < 1 else { return }
        let total = order.reduce(0.0) { $0 + Double(expf(logits[$1])) }
        var sum = 0.0
        for (index, token) in order.enumerated() {
            sum += Double(expf(logits[token]))
            if sum >= Double(topP) * total {
                order.removeLast(order.count - index - 1)
                return
            }
        }
    }
}
