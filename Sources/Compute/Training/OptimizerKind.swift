/// Which rule turns a gradient into a step, with the rule's own numbers. The rate, decay and clipping are common to all.
package enum OptimizerKind: Sendable, Equatable, Codable {
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019).
    case adamW(AdamOptions)
    /// Adam with decay as an L2 penalty: decay * weight joins the gradient (Kingma and Ba, 2015).
    case adam(AdamOptions)
    /// Stochastic gradient descent with L2 decay and PyTorch's momentum, without dampening.
    case sgd(MomentumOptions)

    /// What is appended to a parameter's name in a checkpoint for each arena of state the rule keeps.
    package var stateNames: [String] {
        switch self {
        case .adamW, .adam: [".first_moment", ".second_moment"]
        case .sgd(let options): options.momentum == 0 ? [] : [".momentum"]
        }
    }
}

/// Adam's decay rates of the two moments; epsilon stands outside the root, as in PyTorch.
package struct AdamOptions: Sendable, Equatable, Codable {
    package var beta1: Float
    package var beta2: Float
    package var epsilon: Float

    /// The defaults are those of language-model fine-tuning, not the paper's 0.999 and 1e-8.
    package init(beta1: Float = 0.9, beta2: Float = 0.95, epsilon: Float = 1e-5) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
    }
}

/// Momentum of stochastic gradient descent; 0 keeps no state.
package struct MomentumOptions: Sendable, Equatable, Codable {
    /// Where the step is taken from.
    package enum Variant: String, Sendable, Codable {
        /// The buffer itself.
        case classic
        /// The gradient and the buffer one step ahead (Nesterov, 1983).
        case nesterov
    }

    package var momentum: Float
    package var variant: Variant

    package init(momentum: Float = 0, variant: Variant = .classic) {
        self.momentum = momentum
        self.variant = variant
    }
}
