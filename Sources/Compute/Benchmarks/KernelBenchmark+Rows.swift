internal import CKernels

/// Kernels that memory or special functions limit: norms, softmax with cross-entropy, the optimizer.
extension KernelBenchmark {
    private static let rows = 4096

    static var rowKernels: [Kernel] {
        [128, 768].flatMap { [layerNorm(width: $0), layerNormBackward(width: $0)] }
            + [96, 4096].map { crossEntropy(vocabulary: $0) } + [adamW(count: 6 << 20)]
    }

    private static func work(_ width: Int) -> Kernel.Work { .elements(Double(rows * width)) }

    private static func layerNorm(width: Int) -> Kernel {
        Kernel(name: "layer-norm-\(width)", work: work(width)) { pool throws(ComputeError) in
            let (x, gain, shift) = (try operand(rows * width), try operand(width), try operand(width))
            let (y, statistics) = (try Arena(count: rows * width), try Arena(count: 2 * rows))
            return {
                pool.parallelFor(count: rows, minimum: 32) { chunk, _ in
                    let first = chunk.lowerBound
                    kernels_layer_norm(
                        x.base + first * width, gain.base, shift.base, 1e-5, chunk.count, width,
                        y.base + first * width, statistics.base + first, statistics.base + rows + first)
                }
            }
        }
    }

    private static func layerNormBackward(width: Int) -> Kernel {
        Kernel(name: "layer-norm-backward-\(width)", work: work(width)) { pool throws(ComputeError) in
            let (x, dy, gain) = (try operand(rows * width), try operand(rows * width), try operand(width))
            let (dx, sums) = (try Arena(count: rows * width), try Arena(count: pool.threads * 2 * width))
            let (means, inverses) = (try Arena(count: rows), try Arena(count: rows))
            for row in 0..<rows { inverses.base[row] = 1 }
            return {
                pool.parallelFor(count: rows, minimum: 32) { chunk, lane in
                    let first = chunk.lowerBound
                    let sum = sums.base + lane * 2 * width
                    kernels_layer_norm_backward(
                        dy.base + first * width, x.base + first * width, gain.base, means.base + first,
                        inverses.base + first, chunk.count, width, dx.base + first * width, sum, sum + width)
                }
            }
        }
    }

    /// Log-sum-exp, then the gradient in place of the logits, which are copied first so that every call sees the same.
    private static func crossEntropy(vocabulary: Int) -> Kernel {
        Kernel(name: "softmax-cross-entropy-\(vocabulary)", work: work(vocabulary)) { pool throws(ComputeError) in
            let (logits, gradients) = (try operand(rows * vocabulary), try Arena(count: rows * vocabulary))
            return {
                pool.parallelFor(count: rows, minimum: 16) { chunk, _ in
                    for row in chunk {
                        let target = gradients.base + row * vocabulary
                        target.update(from: logits.base + row * vocabulary, count: vocabulary)
                        let logSum = kernels_log_sum_exp(target, vocabulary, nil)
                        kernels_softmax_scaled(target, vocabulary, logSum, 1 / Float(rows))
                        target[row % vocabulary] -= 1 / Float(rows)
                    }
                }
            }
        }
    }

    private static func adamW(count: Int) -> Kernel {
        Kernel(name: "adamw", work: .elements(Double(count))) { pool throws(ComputeError) in
            let (weights, gradients) = (try operand(count), try operand(count))
            let (first, second) = (try Arena(count: count), try Arena(count: count))
            var options = kernels_adamw_options()
            options.rate = 1e-4
            options.beta1 = 0.9
            options.beta2 = 0.95
            options.epsilon = 1e-5
            options.decay = 0.05
            options.correction1 = 0.1
            options.correction2 = 0.05
            options.gradient_factor = 1
            let fixed = options
            return {
                pool.parallelFor(count: count, minimum: 1 << 15) { chunk, _ in
                    let start = chunk.lowerBound
                    withUnsafePointer(to: fixed) {
                        kernels_adamw(
                            $0, weights.base + start, gradients.base + start, first.base + start, second.base + start,
                            chunk.count)
                    }
                }
            }
        }
    }
}
