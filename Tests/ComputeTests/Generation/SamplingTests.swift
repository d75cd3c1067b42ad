import Glibc
import Testing

@testable import Compute

/// The textbook way: softmax in Double, sort, cut, renormalise, walk. Answers the probability of every token's draw.
private func naiveDistribution(_ logits: [Float], temperature: Double, topK: Int?, topP: Double, excluded: [Int])
    -> [Double]
{
    var weights = logits.map { exp(Double($0) / temperature) }
    for token in excluded { weights[token] = 0 }
    var order = weights.indices.filter { weights[$0] > 0 }.sorted { weights[$0] > weights[$1] }
    if let topK { order = Array(order.prefix(topK)) }
    let total = order.reduce(0) { $0 + weights[$1] }
    var kept: [Int] = []
    var sum = 0.0
    for token in order {
        kept.append(token)
        sum += weights[token] / total
        if sum >= topP { break }
    }
    let keptTotal = kept.reduce(0) { $0 + weights[$1] }
    return weights.indices.map { kept.contains($0) ? weights[$0] / keptTotal : 0 }
}

private func choose(
    _ sampling: Sampling, _ logits: [Float], excluding: [Int32] = [], uniform: Double = 0.5,
) -> DrawnToken? {
    var sampler = TokenSampler(sampling)
    return logits.withUnsafeBufferPointer {
        sampler.choose(from: $0, by: DrawRules(excluded: excluding), uniform: uniform)
    }
}

@Suite struct `Token sampling` {
    @Test func `greedy takes the most probable token and the lowest of equals`() throws {
        #expect(try #require(choose(.greedy, [0, 3, 1, 3])).token == 1)
        #expect(try #require(choose(.greedy, [0, 3, 1, 2], excluding: [1])).token == 3)
    }

    @Test func `the log-probability is that of the whole distribution at the temperature`() throws {
        // softmax([2, 1, 0] / 2) = [0.50648, 0.30720, 0.18632]
        let logits: [Float] = [2, 1, 0]
        let whole = try #require(choose(.sample(temperature: 2), logits, uniform: 0.6))
        #expect(whole.token == 1)
        #expect(abs(whole.logProbability - -1.18026) < 1e-5)
        let masked = try #require(choose(.sample(temperature: 2, topK: 1), logits, uniform: 0.6))
        #expect(masked.token == 0)
        #expect(abs(masked.logProbability - -0.68026) < 1e-5)
        let greedy = try #require(choose(.greedy, logits))
        #expect(abs(greedy.logProbability - -0.40761) < 1e-5)
    }

    @Test(arguments: [(0.0, 0), (0.64, 0), (0.67, 1), (0.9, 1), (0.92, 2), (0.999999, 2)] as [(Double, Int32)])
    func `a draw walks the cumulative distribution in token order`(uniform: Double, token: Int32) throws {
        // softmax([2, 1, 0]) = [0.66524, 0.24473, 0.09003]
        #expect(try #require(choose(.sample(), [2, 1, 0], uniform: uniform)).token == token)
    }

    @Test(
        arguments: [
            (1.0, nil, 1.0, []), (0.7, nil, 1.0, [3]), (1.0, 3, 1.0, []), (1.3, 2, 1.0, [9]), (1.0, nil, 0.6, []),
            (0.9, nil, 0.95, [1, 2]), (1.0, 5, 0.8, []), (2.0, 1, 0.1, []), (1.0, 400, 0.999, []),
        ] as [(Float, Int?, Float, [Int])])
    func `draws follow the naive sampler`(temperature: Float, topK: Int?, topP: Float, excluded: [Int]) throws {
        var generator = SeededGenerator(seed: 11)
        for vocabulary in [12, 90] {
            let logits = (0..<vocabulary).map { _ in 2 * generator.normal() }
            let expected = naiveDistribution(
                logits, temperature: Double(temperature), topK: topK, topP: Double(topP), excluded: excluded)
            var counts = [Double](repeating: 0, count: vocabulary)
            let draws = 2_000
            var sampler = TokenSampler(.sample(temperature: temperature, topK: topK, topP: topP))
            logits.withUnsafeBufferPointer { logits in
                for draw in 0..<draws {
                    // Evenly spaced numbers instead of random ones: the counts are then right to within one draw.
                    let uniform = (Double(draw) + 0.5) / Double(draws)
                    let outcome = sampler.choose(
                        from: logits, by: DrawRules(excluded: excluded.map(Int32.init)), uniform: uniform)
                    counts[Int(outcome?.token ?? 0)] += 1 / Double(draws)
                }
            }
            let error = zip(counts, expected).map { abs($0 - $1) }.max() ?? 1
            #expect(error < 1.5 / Double(draws), "vocabulary \(vocabulary)")
        }
    }

    @Test(arguments: [[Float.nan, 0], [0, .infinity], [-.infinity, -.infinity], []])
    func `logits that are not finite give no token`(logits: [Float]) {
        #expect(choose(.sample(), logits) == nil)
        #expect(choose(.greedy, logits) == nil)
    }

    @Test func `an impossible token is never drawn`() throws {
        for uniform in [0.0, 0.5, 0.999999999] {
            #expect(try #require(choose(.sample(), [-.infinity, 1, -.infinity], uniform: uniform)).token == 1)
        }
    }

    @Test(arguments: [
        (Sampling.sample(temperature: 0), "temperature 0.0 is not above 0"),
        (.sample(temperature: .nan), "temperature nan is not above 0"),
        (.sample(topK: 0), "top-k 0 is below 1"),
        (.sample(topP: 0), "top-p 0.0 is not in (0, 1]"),
        (.sample(topP: 1.5), "top-p 1.5 is not in (0, 1]"),
    ])
    func `settings without meaning are named`(sampling: Sampling, fault: String) {
        #expect(TokenSampler.fault(in: sampling) == fault)
    }

    @Test func `the penalty divides positive and multiplies negative logits of repeated tokens`() throws {
        // Penalty 2 on tokens 0 and 2 makes [3, 2, -1, -1.5] into [1.5, 2, -2, -1.5].
        let rules = DrawRules(repetitionPenalty: 2, repeated: [0, 2])
        let logits: [Float] = [3, 2, -1, -1.5]
        var sampler = TokenSampler(.greedy)
        let greedy = try #require(
            logits.withUnsafeBufferPointer { sampler.choose(from: $0, by: rules, uniform: 0) })
        #expect(greedy.token == 1)
        // log(e^2 / (e^3 + e^2 + e^-1 + e^-1.5)) = -1.334545
        #expect(abs(greedy.logProbability - -1.334545) < 1e-5)
        // Cumulative shares of the changed row: 0.36647, 0.97069, 0.98175, 1.
        var drawn: [Int32] = []
        sampler = TokenSampler(.sample())
        for uniform in [0.36, 0.38, 0.975, 0.99] {
            drawn.append(
                try #require(
                    logits.withUnsafeBufferPointer { sampler.choose(from: $0, by: rules, uniform: uniform) }
                ).token)
        }
        #expect(drawn == [0, 1, 2, 3])
    }

    @Test(arguments: [[0, 0, 0, 0], [5, 1, -2], [30, 0], [-.infinity, 2, 1]] as [[Float]], [0.5, 1, 2] as [Float])
    func `the entropy is that of the whole distribution at the temperature`(
        logits: [Float], temperature: Float
    ) throws {
        let scaled = logits.map { Double($0) / Double(temperature) }
        let total = scaled.reduce(0) { $0 + exp($1) }
        let expected = scaled.map { exp($0) / total }.filter { $0 > 0 }.reduce(0) { $0 - $1 * log($1) }
        let outcome = try #require(choose(.sample(temperature: temperature, topK: 1), logits, excluding: [0]))
        #expect(abs(Double(outcome.entropy) - expected) < 1e-5)
    }
}
