import CKernels
import Glibc
import Testing

@testable import Compute

/// One draw, worked out in Double from the definition in `Sampling`: mask, rank, cut, renormalise, walk.
///
/// Nil where rounding could decide between two tokens, so that only clear cases are compared.
private struct NaiveDraw {
    var temperature = 1.0
    var topK: Int?
    var topP = 1.0

    func token(_ logits: [Float], excluding excluded: Set<Int32>, uniform: Double) -> Int? {
        let allowed = logits.indices.filter { !excluded.contains(Int32($0)) && logits[$0] > -.infinity }
        let peak = allowed.map { Double(logits[$0]) }.max() ?? 0
        let weight = { (token: Int) in exp((Double(logits[token]) - peak) / temperature) }
        var kept = allowed
        if topK != nil || topP < 1 {
            kept.sort { (logits[$1], $0) < (logits[$0], $1) }
            kept = Array(kept.prefix(topK ?? kept.count))
            let goal = topP * kept.reduce(0) { $0 + weight($1) }
            var sum = 0.0
            for (index, token) in kept.enumerated() where topP < 1 {
                sum += weight(token)
                if abs(sum - goal) < 2e-3 * goal { return nil }
                if sum >= goal {
                    kept = Array(kept[...index])
                    break
                }
            }
        }
        let total = kept.reduce(0) { $0 + weight($1) }
        var sum = 0.0
        for token in kept {
            sum += weight(token)
            if abs(sum - uniform * total) < 2e-3 * total { return nil }
            if sum > uniform * total { return token }
        }
        return nil
    }
}

private func choose(
    _ sampling: Sampling, _ logits: [Float], excluding: [Int32] = [], uniform: Double = 0.5,
) -> DrawnToken? {
    var sampler = TokenSampler(sampling)
    return logits.withUnsafeBufferPointer {
        sampler.choose(from: $0, by: DrawRules(excluded: excluding), uniform: uniform)
    }
}

private func logSoftmax(_ logits: [Float], temperature: Double) -> [Double] {
    let scaled = logits.map { Double($0) / temperature }
    let peak = scaled.max() ?? 0
    let total = log(scaled.reduce(0) { $0 + exp($1 - peak) })
    return scaled.map { $0 - peak - total }
}

@Suite struct `Sampling against the definition` {
    @Test func `random draws take the token the definition gives`() throws {
        var random = SeededGenerator(seed: 71)
        var compared = 0
        for round in 0..<3000 {
            let count = Int.random(in: 1...70, using: &random)
            let spread: Float = [0.1, 1, 5, 30][round % 4]
            var logits = (0..<count).map { _ in spread * random.normal() }
            if round % 5 == 0 { logits = logits.map { ($0 * 2).rounded() / 2 } }
            let temperature: Float = [0.01, 0.3, 1, 4][Int(random.next() % 4)]
            let topK = random.next() % 2 == 0 ? nil : Int.random(in: 1...count + 2, using: &random)
            let topP: Float = [1, 0.95, 0.5, 0.01][Int(random.next() % 4)]
            let excluded = (0..<Int32(count - 1)).filter { _ in random.next() % 6 == 0 }
            let uniform = Double(random.next() >> 11) * 0x1p-53
            let chosen = try #require(
                choose(
                    .sample(temperature: temperature, topK: topK, topP: topP), logits, excluding: excluded,
                    uniform: uniform))
            #expect(!excluded.contains(chosen.token))
            let naive = NaiveDraw(temperature: Double(temperature), topK: topK, topP: Double(topP))
            guard let expected = naive.token(logits, excluding: Set(excluded), uniform: uniform) else { continue }
            compared += 1
            #expect(Int(chosen.token) == expected, "round \(round)")
        }
        #expect(compared > 2000)
    }

    @Test func `recorded log-probabilities are the whole softmax's, masked or not`() throws {
        var random = SeededGenerator(seed: 72)
        for round in 0..<300 {
            let logits = (0..<Int.random(in: 1...200, using: &random)).map { _ in 5 * random.normal() }
            let temperature: Float = [0.25, 1, 3][round % 3]
            let expected = logSoftmax(logits, temperature: Double(temperature))
            for sampling in [
                Sampling.sample(temperature: temperature), .sample(temperature: temperature, topK: 2, topP: 0.7),
            ] {
                let outcome = try #require(choose(sampling, logits, uniform: Double(round) / 300))
                let wanted = expected[Int(outcome.token)]
                #expect(abs(Double(outcome.logProbability) - wanted) < 2e-5 * max(1, abs(wanted)))
            }
            let greedy = try #require(choose(.greedy, logits))
            #expect(logits[Int(greedy.token)] == logits.max())
            #expect(abs(Double(greedy.logProbability) - (logSoftmax(logits, temperature: 1).max() ?? 0)) < 2e-5)
        }
    }

    @Test(arguments: [Sampling.sample(temperature: 0.7, topK: 1), .sample(topP: 1e-6), .sample(temperature: 0.01)])
    func `a draw that leaves one token takes what greedy takes`(sampling: Sampling) throws {
        var random = SeededGenerator(seed: 73)
        for _ in 0..<100 {
            var logits = (0..<40).map { _ in random.normal() }
            logits[Int(random.next() % 40)] = 6
            for uniform in [0, 0.5, 0.999_999_999] {
                #expect(
                    try #require(choose(sampling, logits, uniform: uniform)).token
                        == #require(choose(.greedy, logits)).token)
            }
        }
    }

    @Test func `a larger number never draws an earlier token`() throws {
        let logits = randomFloats(50, seed: 74, scale: 2)
        let tokens = try (0..<500).map { try #require(choose(.sample(), logits, uniform: Double($0) / 500)).token }
        #expect(tokens == tokens.sorted())
        #expect(Set(tokens).count > 20)
    }
}

@Suite struct `Weights of a row` {
    @Test(arguments: [5, 11, 63, 64, 130])
    func `a row has the same weights and sum to the bit wherever it lies`(count: Int) throws {
        let logits = randomFloats(count, seed: 77, scale: 3)
        var seen: Set<[UInt64]> = []
        for distance in 0..<200 {
            let memory = try Arena(count: 2 * count + distance)
            for index in 0..<count { memory.base[index] = logits[index] }
            var sums = [Float](repeating: 0, count: count / 64 + 1)
            var weighted = 0.0
            let total = kernels_softmax_weights(
                memory.base, count, logits.max() ?? 0, 0.7, memory.base + count + distance, &sums, &weighted)
            let weights = (0..<count).map { UInt64(memory.base[count + distance + $0].bitPattern) }
            seen.insert(weights + [total.bitPattern, weighted.bitPattern])
        }
        #expect(seen.count == 1)
    }
}

@Suite struct `Degenerate logits` {
    @Test(arguments: [1, 2, 7, 64, 300])
    func `equal logits are drawn evenly and greedy takes the first`(count: Int) throws {
        let logits = [Float](repeating: -3.5, count: count)
        for token in 0..<count {
            let outcome = try #require(choose(.sample(), logits, uniform: (Double(token) + 0.5) / Double(count)))
            #expect(Int(outcome.token) == token)
            #expect(abs(Double(outcome.logProbability) + log(Double(count))) < 1e-6)
        }
        #expect(try #require(choose(.greedy, logits)).token == 0)
        #expect(try #require(choose(.sample(topK: 1), logits, uniform: 0.99)).token == 0)
    }

    @Test(arguments: [Sampling.sample(temperature: 0.01), .sample(topK: 3), .sample(topP: 0.5), .sample(), .greedy])
    func `a stop token that outweighs all others is still not drawn while it is excluded`(sampling: Sampling) throws {
        // Token 0 is e^200 times as probable as the rest: beside it their weights are nothing.
        var logits = randomFloats(30, seed: 75)
        logits[0] = 200
        let rest = Array(logits[1...])
        for uniform in [0, 0.2, 0.7, 0.999_999] {
            let outcome = try #require(choose(sampling, logits, excluding: [0], uniform: uniform))
            let alone = try #require(choose(sampling, rest, uniform: uniform))
            #expect(outcome.token == alone.token + 1)
            #expect(outcome.logProbability < -190)
        }
    }

    @Test func `with all but one token excluded that one is drawn`() throws {
        for only in 0..<5 as Range<Int32> {
            let excluded = (0..<5 as Range<Int32>).filter { $0 != only }
            for sampling in [Sampling.greedy, .sample(), .sample(topK: 2), .sample(topP: 0.3)] {
                let outcome = try #require(choose(sampling, [90, -90, 0, 50, -50], excluding: excluded, uniform: 0.9))
                #expect(outcome.token == only)
            }
        }
    }

    @Test func `excluded tokens outside the vocabulary mean nothing`() throws {
        let logits = randomFloats(12, seed: 76)
        for uniform in [0.1, 0.6] {
            let plain = try #require(choose(.sample(), logits, uniform: uniform))
            let masked = try #require(choose(.sample(), logits, excluding: [-1, 12, .max, .min], uniform: uniform))
            #expect(plain.token == masked.token && plain.logProbability == masked.logProbability)
        }
    }

    /// A NaN has many bit patterns; one that came from a damaged file is not always the hardware's own.
    @Test(
        arguments: [0x7FC0_0000, 0xFFC0_0000, 0x7FC0_0001, 0x7F80_0001, 0xFFFF_FFFF, 0x7FC0_01FF] as [UInt32],
        [0, 1, 5])
    func `a NaN of any kind at any place gives no token`(pattern: UInt32, place: Int) {
        var logits: [Float] = [3, 1, 2, 0, -1, 2]
        logits[place] = Float(bitPattern: pattern)
        for sampling in [Sampling.greedy, .sample(), .sample(temperature: 0.5, topK: 2, topP: 0.9)] {
            #expect(choose(sampling, logits) == nil)
        }
    }

    @Test func `logits at the ends of the float range are ordered and finite`() throws {
        let largest = Float.greatestFiniteMagnitude
        let outcome = try #require(choose(.sample(), [-largest, largest, 0], uniform: 0.99))
        #expect(outcome.token == 1)
        #expect(outcome.logProbability == 0)
        let flat = try #require(choose(.sample(temperature: largest), [-1e30, 1e30, 0], uniform: 0.99))
        #expect(flat.token == 2)
        #expect(abs(flat.logProbability + 1.0986123) < 1e-5)
    }

    @Test(arguments: [
        (Sampling.sample(temperature: 0x1p-130), "temperature 7.34684e-40 is too small; take greedy sampling"),
        (.sample(temperature: .infinity), "temperature inf is not above 0"),
        (.sample(temperature: -0.5), "temperature -0.5 is not above 0"),
        (.sample(topK: -3), "top-k -3 is below 1"), (.sample(topP: .nan), "top-p nan is not in (0, 1]"),
        (.sample(topP: -0.1), "top-p -0.1 is not in (0, 1]"),
    ])
    func `a setting beyond its range is named`(sampling: Sampling, fault: String) {
        #expect(TokenSampler.fault(in: sampling) == fault)
    }

    @Test(arguments: [
        Sampling.greedy, .sample(temperature: 1e-38), .sample(temperature: 3e38), .sample(topK: 1), .sample(topK: .max),
        .sample(topP: 1), .sample(topP: .leastNonzeroMagnitude),
    ])
    func `a setting at the end of its range draws a token`(sampling: Sampling) throws {
        #expect(TokenSampler.fault(in: sampling) == nil)
        let outcome = try #require(choose(sampling, [1, 3, 2], uniform: 0.4))
        #expect((0..<3).contains(outcome.token))
    }
}
