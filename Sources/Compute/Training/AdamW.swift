internal import CKernels
internal import Glibc

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019), epsilon outside the root as in PyTorch.
///
/// Works on blocks of the arenas, so an update is one sweep over memory whatever the number of tensors.
struct AdamW {
    private struct Block {
        let range: Range<Int>
        let isDecayed: Bool
    }

    private let blocks: [Block]

    init(table: ParameterTable) {
        blocks = table.parameters.filter(\.isTrained).flatMap { parameter in
            stride(from: parameter.range.lowerBound, to: parameter.range.upperBound, by: AdamW.blockFloats).map {
                Block(
                    range: $0..<min($0 + AdamW.blockFloats, parameter.range.upperBound),
                    isDecayed: parameter.isDecayed)
            }
        }
    }

    /// Euclidean norm of all gradients together; not finite if one of them is not.
    func norm(of gradients: Arena, pool: ThreadPool) -> Float {
        var squares = [Double](repeating: 0, count: blocks.count)
        squares.withUnsafeMutableBufferPointer { squares in
            pool.parallelFor(count: blocks.count, minimum: 1) { chunk, _ in
                for index in chunk {
                    let range = blocks[index].range
                    squares[index] = kernels_sum_of_squares(gradients.base + range.lowerBound, range.count)
                }
            }
        }
        // In block order, so that the sum does not depend on the threads.
        return Float(squares.reduce(0, +).squareRoot())
    }

    /// Update number `update` (from 1) with gradients times `gradientFactor`.
    func update(
        _ options: OptimizerOptions, rate: Float, update: Int, gradientFactor: Float, weights: Arena,
        gradients: Arena, firstMoments: Arena, secondMoments: Arena, pool: ThreadPool
    ) {
        var plain = kernels_adamw_options()
        plain.rate = rate
        plain.beta1 = options.beta1
        plain.beta2 = options.beta2
        plain.epsilon = options.epsilon
        plain.correction1 = Float(1 - pow(Double(options.beta1), Double(update)))
        plain.correction2 = Float(1 - pow(Double(options.beta2), Double(update)))
        plain.gradient_factor = gradientFactor
        var decayed = plain
        decayed.decay = options.weightDecay
        pool.parallelFor(count: blocks.count, minimum: 1) { chunk, _ in
            for block in blocks[chunk] {
                let first = block.range.lowerBound
                withUnsafePointer(to: block.isDecayed ? decayed : plain) {
                    kernels_adamw(
                        $0, weights.base + first, gradients.base + first, firstMoments.base + first,
                        secondMoments.base + first, block.range.count)
                }
            }
        }
    }

    private static let blockFloats = 1 << 15
}
