import Testing

@testable import Compute

@Suite struct AdamWTests {
    @Test func `two updates match numbers worked out by hand`() throws {
        let state = try OptimizerState()
        state.gradients.base[0] = 0.5
        state.gradients.base[16] = 0.5
        state.step(update: 1, factor: 1)
        // m = 0.05, v = 0.0125, both corrected to 0.5 and 0.25: the step is 0.1 * 0.5 / (0.5 + 0.1).
        #expect(abs(state.weights.base[0] - (1 - 0.1 * 0.2 - 0.083333)) < 1e-6)
        #expect(abs(state.weights.base[16] - (1 - 0.083333)) < 1e-6)
        state.gradients.base[0] = -1
        state.gradients.base[16] = -1
        state.step(update: 2, factor: 0.5)
        // m = 0.9 * 0.05 - 0.05 = -0.005, over 0.19; v = 0.95 * 0.0125 + 0.0125 = 0.024375, over 0.0975: 0.25.
        #expect(abs(state.weights.base[16] - (0.916667 + 0.1 * 0.0263158 / 0.6)) < 1e-6)
        #expect(abs(state.weights.base[0] - (0.896667 * 0.98 + 0.1 * 0.0263158 / 0.6)) < 1e-6)
    }

    @Test func `the norm is over all tensors together`() throws {
        let state = try OptimizerState()
        state.gradients.base[0] = 3
        state.gradients.base[16] = 4
        let pool = try ThreadPool(threads: 2)
        #expect(AdamW(table: state.table).norm(of: state.gradients, pool: pool) == 5)
        state.gradients.base[16] = .nan
        #expect(!AdamW(table: state.table).norm(of: state.gradients, pool: pool).isFinite)
        state.gradients.base[16] = .infinity
        #expect(!AdamW(table: state.table).norm(of: state.gradients, pool: pool).isFinite)
    }
}

/// One decayed and one undecayed weight, both 1, at floats 0 and 16.
private struct OptimizerState {
    let table: ParameterTable
    let weights: Arena
    let gradients: Arena
    let firstMoments: Arena
    let secondMoments: Arena

    init() throws {
        var table = ParameterTable()
        table.append(name: "matrix", shape: [1, 1], isDecayed: true)
        table.append(name: "bias", shape: [1], isDecayed: false)
        self.table = table
        weights = try Arena(count: table.count)
        weights.base[0] = 1
        weights.base[16] = 1
        gradients = try Arena(count: table.count)
        firstMoments = try Arena(count: table.count)
        secondMoments = try Arena(count: table.count)
    }

    func step(update: Int, factor: Float) {
        guard let pool = try? ThreadPool(threads: 1) else { return }
        AdamW(table: table).update(
            OptimizerOptions(learningRate: 0.1, epsilon: 0.1, weightDecay: 0.2), rate: 0.1, update: update,
            gradientFactor: factor, weights: weights, gradients: gradients, firstMoments: firstMoments,
            secondMoments: secondMoments, pool: pool)
    }
}
