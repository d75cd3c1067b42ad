internal import CKernels

/// Whether a pass also computes the entropy of every next-token distribution.
package enum EntropyMode: Sendable {
    case skip
    case compute
}

/// Where logits lie: rows of `row` floats, `rows` of them at a time.
struct LogitsMemory {
    let base: MutableFloatPointer
    let rows: Int
    let row: Int
    /// Whether the rows are those of the whole chunk and stay until its backward pass.
    let isKept: Bool

    /// Floats between rows of logits: whole cache lines and an odd number of them, because rows a power of two apart
    /// would share a few places of the cache.
    static func row(vocabulary: Int) -> Int { ((vocabulary + 15) / 16 | 1) * 16 }
}

/// Output projection with log-softmax, its matrix the token embedding or one of its own.
///
/// Logits live for as many rows as their memory has. Where they all fit they stay for the backward pass; otherwise it
/// computes them again, and memory does not grow with tokens times vocabulary.
struct LanguageModelHead {
    let weight: Parameter
    private let vocabulary: Int
    private let width: Int
    /// For products with rows of `x`.
    let logitsMatrix: PackedMatrix
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

    /// Writes log-probabilities of the targets (0 where there is none), log-sum-exps, and entropies if given.
    func forward(
        _ chunk: BatchChunk, _ x: FloatPointer, logSums: MutableFloatPointer, logProbabilities: MutableFloatPointer,
        entropies: MutableFloatPointer?, _ pass: Pass
    ) {
        let memory = pass.logits
        for first in stride(from: 0, to: chunk.rows, by: memory.rows) {
            let rows = min(memory.rows, chunk.rows - first)
            logits(x + first * width, rows: rows, to: memory.base, row: memory.row, pass)
            pass.pool.parallelFor(count: rows, minimum: 8) { range, _ in
                for row in range {
                    let rowLogits = memory.base + row * memory.row
                    let logSum = kernels_log_sum_exp(rowLogits, vocabulary, entropies.map { $0 + first + row })
                    let target = Int(chunk.targets[first + row])
                    logSums[first + row] = logSum
                    logProbabilities[first + row] = target < 0 ? 0 : rowLogits[target] - logSum
                }
            }
        }
    }

    /// Overwrites `logits`, a row of the vocabulary a token, divided by the temperature.
    func logits(_ x: FloatPointer, rows: Int, to logits: MutableFloatPointer, row: Int? = nil, _ pass: Pass) {
        var product = logitsMatrix.product(x, to: logits, pass)
        if let row { product.c_row = row }
        logitsMatrix.run(product, rows: rows, pass)
        guard pass.temperature != 1 else { return }
        pass.pool.parallelFor(count: rows, minimum: 8) { range, _ in
            for index in range { kernels_scale(logits + index * product.c_row, 1 / pass.temperature, vocabulary) }
        }
    }

    /// Gradient of the sum of coefficient * (-log-probability): overwrites `dx`, adds to the weight's gradient.
    /// Coefficients of rows without a target do not count. Kept logits are used up.
    func backward(
        _ chunk: BatchChunk, _ x: FloatPointer, logSums: FloatPointer, coefficients: FloatPointer,
        to dx: MutableFloatPointer, gradients: MutableFloatPointer, _ pass: Pass
    ) {
        let memory = pass.logits
        for first in stride(from: 0, to: chunk.rows, by: memory.rows) {
            let rows = min(memory.rows, chunk.rows - first), x = x + first * width
            if !memory.isKept { logits(x, rows: rows, to: memory.base, row: memory.row, pass) }
            differentiate(rows, chunk.targets + first, logSums + first, coefficients + first, pass)
            var product = inputMatrix.product(memory.base, to: dx + first * width, pass)
            product.a_row = memory.row
            inputMatrix.run(product, rows: rows, pass)
            guard weight.isTrained else { continue }
            let outer = kernels_outer(
                a: memory.base, a_row: memory.row, b: x, b_row: width, rows: rows, m: vocabulary,
                n: width, c: gradients + weight.offset, c_row: width, column_sums: nil)
            accumulateOuter(outer, pool: pass.pool)
        }
    }

    /// Turns rows of logits into coefficient * (softmax - one-hot of the target).
    private func differentiate(
        _ rows: Int, _ targets: UnsafePointer<Int32>, _ logSums: FloatPointer, _ coefficients: FloatPointer,
        _ pass: Pass
    ) {
        let memory = pass.logits
        pass.pool.parallelFor(count: rows, minimum: 8) { range, _ in
            for row in range {
                let target = Int(targets[row])
                let coefficient = target < 0 ? 0 : coefficients[row] / pass.temperature
                let rowLogits = memory.base + row * memory.row
                kernels_softmax_scaled(rowLogits, vocabulary, logSums[row], coefficient)
                if target >= 0 { rowLogits[target] -= coefficient }
                pass.formats.matmul.round(rowLogits, count: vocabulary)
            }
        }
    }
}
