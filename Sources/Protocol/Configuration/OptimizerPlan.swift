/// The optimizer, its schedule, and how a trained model is run.
package struct OptimizerPlan: Sendable, Equatable, Codable {
    package var weightDecay: Double
    /// Longest norm of all gradients together; 0: no clipping.
    package var clipNorm: Double
    package var rate: RatePlan
    package var rule: Rule
    /// Of gradient descent.
    package var momentum: Double
    package var precision: Precision
    package var recompute: Recompute
    package var nonFinite: NonFinite
    /// Trains low-rank matrices beside frozen weights; nil trains the weights.
    package var adapter: AdapterPlan?

    /// How a gradient becomes a step.
    package enum Rule: String, Sendable, Codable, CaseIterable {
        case adamw
        /// With decay as a penalty.
        case adam
        case sgd
    }

    /// What operands of products are rounded to.
    package enum Precision: String, Sendable, Codable, CaseIterable {
        case float32 = "f32"
        case bfloat16Storage = "bf16-storage"
        case bfloat16 = "bf16"
        case float16 = "fp16"
    }

    /// What a backward pass computes again instead of keeping it.
    package enum Recompute: String, Sendable, Codable, CaseIterable {
        case none
        case blocks
    }

    /// What becomes of an update whose loss or gradients are not finite.
    package enum NonFinite: Sendable, Equatable, Codable {
        /// It ends the attempt.
        case stop
        /// It is left out and told; this many in a row end the attempt, 0 for no limit.
        case skip(limit: Int)
    }

    package init(
        learningRate: Double, weightDecay: Double = 0.05, clipNorm: Double = 1,
        schedule: RatePlan.Schedule = .constant, warmupSteps: Int = 0, rule: Rule = .adamw, momentum: Double = 0.9,
        precision: Precision = .float32, recompute: Recompute = .none, nonFinite: NonFinite = .stop,
        adapter: AdapterPlan? = nil
    ) {
        self.init(
            rate: RatePlan(peak: learningRate, warmup: .steps(warmupSteps), schedule: schedule),
            weightDecay: weightDecay, clipNorm: clipNorm, rule: rule, momentum: momentum, precision: precision,
            recompute: recompute, nonFinite: nonFinite, adapter: adapter)
    }

    package init(
        rate: RatePlan, weightDecay: Double = 0.05, clipNorm: Double = 1, rule: Rule = .adamw, momentum: Double = 0.9,
        precision: Precision = .float32, recompute: Recompute = .none, nonFinite: NonFinite = .stop,
        adapter: AdapterPlan? = nil
    ) {
        self.rate = rate
        self.weightDecay = weightDecay
        self.clipNorm = clipNorm
        self.rule = rule
        self.momentum = momentum
        self.precision = precision
        self.recompute = recompute
        self.nonFinite = nonFinite
        self.adapter = adapter
    }
}

/// The learning rate over the updates of a setup.
package struct RatePlan: Sendable, Equatable, Codable {
    /// The rate at the end of the warm-up.
    package var peak: Double
    package var warmup: Warmup
    package var schedule: Schedule

    /// Linear, from nothing.
    package enum Warmup: Sendable, Equatable, Codable {
        /// As many updates.
        case steps(Int)
        /// This share of all updates of the setup.
        case proportion(Double)
    }

    /// How the rate goes on after the warm-up.
    package enum Schedule: Sendable, Equatable, Codable {
        case constant
        case linear(Decay = Decay())
        case cosine(Decay = Decay())
        /// Multiplied by `factor` behind each of the updates `milestones`.
        case multistep(milestones: [Int], factor: Double)
    }

    /// Where a falling rate ends.
    package struct Decay: Sendable, Equatable, Codable {
        /// The last rate as a share of the peak.
        package var minimumRatio: Double
        /// The update at which it is reached; nil: the setup's last.
        package var steps: Int?

        package init(minimumRatio: Double = 0, steps: Int? = nil) {
            self.minimumRatio = minimumRatio
            self.steps = steps
        }
    }

    package init(peak: Double, warmup: Warmup = .steps(0), schedule: Schedule = .constant) {
        self.peak = peak
        self.warmup = warmup
        self.schedule = schedule
    }
}

/// A low-rank adapter: each target's weight W is used as W + scale * B A, and only A and B are trained.
package struct AdapterPlan: Sendable, Equatable, Codable {
    package var rank: Int
    package var alpha: Double
    /// Names of linear layers, or their ends; empty: every linear layer of every block.
    package var targets: [String]
    package var scaling: Scaling

    /// What B A is multiplied by.
    package enum Scaling: String, Sendable, Codable {
        /// alpha / rank.
        case classic
        /// alpha / root of rank.
        case rankStabilized
    }

    package init(rank: Int, alpha: Double, targets: [String] = [], scaling: Scaling = .classic) {
        self.rank = rank
        self.alpha = alpha
        self.targets = targets
        self.scaling = scaling
    }
}
