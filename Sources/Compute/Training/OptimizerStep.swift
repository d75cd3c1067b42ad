internal import CKernels
internal import Glibc

/// One update's numbers as the fused kernels take them: made once, run over block after block.
struct OptimizerStep {
    private enum Kernel {
        case adam(kernels_adam_options)
        case sgd(kernels_sgd_options)
    }

    private let decayed: Kernel
    private let plain: Kernel

    /// Update number `update` (from 1) with gradients times `gradientFactor`.
    init(_ options: OptimizerOptions, rate: Float, update: Int, gradientFactor: Float) {
        func kernel(decay: Float) -> Kernel {
            switch options.kind {
            case .adamW(let adam):
                var kernel = OptimizerStep.adam(adam, rate: rate, update: update, gradientFactor: gradientFactor)
                kernel.decoupled_decay = decay
                return .adam(kernel)
            case .adam(let adam):
                var kernel = OptimizerStep.adam(adam, rate: rate, update: update, gradientFactor: gradientFactor)
                kernel.coupled_decay = decay
                return .adam(kernel)
            case .sgd(let sgd):
                return .sgd(
                    kernels_sgd_options(
                        rate: rate, momentum: sgd.momentum, decay: decay, gradient_factor: gradientFactor,
                        nesterov: sgd.variant == .nesterov ? 1 : 0))
            }
        }
        decayed = kernel(decay: options.weightDecay)
        plain = kernel(decay: 0)
    }

    /// Updates `count` floats of one parameter in place; `moments` are those the options' kind keeps, in its order.
    func run(
        _ weights: MutableFloatPointer, gradients: FloatPointer, moments: [MutableFloatPointer], count: Int,
        decay: DecayMode
    ) {
        switch decay == .decayed ? decayed : plain {
        case .adam(var options):
            kernels_adam(&options, weights, gradients, moments[0], moments[1], count)
        case .sgd(var options):
            kernels_sgd(&options, weights, gradients, moments.first, count)
        }
    }

    private static func adam(
        _ adam: AdamOptions, rate: Float, update: Int, gradientFactor: Float
    ) -> kernels_adam_options {
        var options = kernels_adam_options()
        options.rate = rate
        options.beta1 = adam.beta1
        options.beta2 = adam.beta2
        options.epsilon = adam.epsilon
        options.correction1 = Float(1 - pow(Double(adam.beta1), Double(update)))
        options.correction2 = Float(1 - pow(Double(adam.beta2), Double(update)))
        options.gradient_factor = gradientFactor
        return options
    }
}

/// Whether weight decay applies to a parameter.
enum DecayMode {
    case decayed
    case plain
}
