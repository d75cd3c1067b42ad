internal import CKernels

/// Whether a pass also computes the entropy of every next-token distribution.
package enum EntropyMode: Sendable {
    case skip
    case compute
}

/// Output projection with log-softmax, its matrix the token embedding or one of its own. Logits live for a block of rows only: memory never grows with
/// tokens times vocabulary, and the backward pass computes them again.
struct LanguageModelHead {
    let weight: Parameter
    private let vocabulary: Int
    private let width: Int
    private let logitsMatrix: PackedMatrix
    private let inputMatrix: PackedMatrix

    init(_ weight: Parameter, layout: inout PackedLayout) {
        self.weight = weight
        vocabulary = weight.shape[0]
        width = weight.shape[1]
        logitsMatrix = PackedMatrix(
            k: width, n: vocabulary, source: weight.offset, rowStride: 1, columnStride: width, layout: &layout)
        inputMatrix = PackedMatrix(
            k: vocabulary, n: width, source: weight.offset, rowStride: width, columnStride: 1, layout: &layout)
    }

    func packForForward(_ pass: Pass) { logitsMatrix.pack(pass) }
    func packForBackward(_ pass: Pass) { inputMatrix.pack(pass) }

    /// Rows whose logits a lane holds at once: enough to use a panel often, little enough to stay small.
    private var blockRows: Int { min(max(LanguageModelHead.laneLogits / vocabulary, 28), 128) }

    /// Rows whose gradients with respect to logits exist at once in the backward pass.
    private var groupRows: Int { min(max(LanguageModelHead.groupLogits / vocabulary, 128), 2048) }

    /// Floats of scratch a lane needs.
    var scratchCount: Int { blockRows * vocabulary }

    /// Floats of `dLogits` the backward pass needs for chunks of at most `rows`.
    func groupCount(rows: Int) -> Int { min(rows, groupRows) * vocabulary }

    /// Writes log-probabilities of the targets (0 where there is none), log-sum-exps, and entropies if given.
    func forward(
        _ chunk: BatchChunk, _ x: FloatPointer, logSums: MutableFloatPointer, logProbabilities: MutableFloatPointer,
        entropies: MutableFloatPointer?, _ pass: Pass
    ) {
        pass.pool.parallelFor(count: chunk.rows, grain: blockRows) { range, lane in
            // A pool that does not split hands over the whole range, which the lane's scratch does not hold.
            for first in stride(from: range.lowerBound, to: range.upperBound, by: blockRows) {
                let rows = min(blockRows, range.upperBound - first)
                let logits = pass.scratch[lane]
                var product = logitsMatrix.product(x + first * width, to: logits, pass)
                kernels_multiply(&product, 0, rows)
                heat(logits, rows: rows, pass)
                for row in first..<(first + rows) {
                    let rowLogits = logits + (row - first) * vocabulary
                    logSums[row] = kernels_log_sum_exp(rowLogits, vocabulary, entropies.map { $0 + row })
                    let target = Int(chunk.targets[row])
                    logProbabilities[row] = target < 0 ? 0 : rowLogits[target] - logSums[row]
                }
            }
        }
    }

    /// Overwrites `logits`, a row of the vocabulary a token, divided by the temperature.
    func logits(_ x: FloatPointer, rows: Int, to logits: MutableFloatPointer, _ pass: Pass) {
        let product = logitsMatrix.product(x, to: logits, pass)
        pass.pool.parallelFor(count: rows, minimum: 42) { range, _ in
            withUnsafePointer(to: product) { kernels_multiply($0, range.lowerBound, range.upperBound) }
            heat(logits + range.lowerBound * vocabulary, rows: range.count, pass)
        }
    }

    private func heat(_ logits: MutableFloatPointer, rows: Int, _ pass: Pass) {
        if pass.temperature != 1 { kernels_scale(logits, 1 / pass.temperature, rows * vocabulary) }
    }

    /// Gradient of the sum of coefficient * (-log-probability): overwrites `dx`, adds to the weight's gradient.
    /// Coefficients of rows without a target do not count.
    func backward(
        _ chunk: BatchChunk, _ x: FloatPointer, logSums: FloatPointer, coefficients: FloatPointer,
        to dx: MutableFloatPointer, dLogits: MutableFloatPointer, gradients: MutableFloatPointer, _ pass: Pass
    ) {
        for first in stride(from: 0, to: chunk.rows, by: groupRows) {
            let rows = min(groupRows, chunk.rows - first)
            pass.pool.parallelFor(count: rows, minimum: 42) { range, _ in
                differentiate(
                    range, chunk.targets + first, x + first * width, logSums + first, coefficients + first, dLogits,
                    pass)
                var product = inputMatrix.product(dLogits, to: dx + first * width, pass)
                kernels_multiply(&product, range.lowerBound, range.upperBound)
            }
            guard weight.isTrained else { continue }
            let outer = kernels_outer(
                a: dLogits, a_row: vocabulary, b: x + first * width, b_row: width, rows: rows, m: vocabulary,
                n: width, c: gradients + weight.offset, c_row: width, column_sums: nil)
            accumulateOuter(outer, pool: pass.pool)
        }
    }

    /// dLogits = coefficient * (softmax - one-hot of the target) for the rows of `range`.
    private func differentiate(
        _ range: Range<Int>, _ targets: UnsafePointer<Int32>, _ x: FloatPointer, _ logSums: FloatPointer,
        _ coefficients: FloatPointer, _ dLogits: MutableFloatPointer, _ pass: Pass
    ) {
        var product = logitsMatrix.product(x, to: dLogits, pass)
        kernels_multiply(&product, range.lowerBound, range.upperBound)
        heat(dLogits + range.lowerBound * vocabulary, rows: range.count, pass)
        for row in range {
            let target = Int(targets[row])
            let coefficient = target < 0 ? 0 : coefficients[row] / pass.temperature
            let rowLogits = dLogits + row * vocabulary
            kernels_softmax_scaled(rowLogits, vocabulary, logSums[row], coefficient)
            if target >= 0 { rowLogits[target] -= coefficient }
        }
    }

    private static let laneLogits = 4 << 20
    private static let groupLogits = 4 << 20
}
