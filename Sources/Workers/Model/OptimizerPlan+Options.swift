import Compute
import Protocol

extension OptimizerPlan {
    /// The engine's options for a setup of `totalSteps` updates.
    func options(totalSteps: Int) -> OptimizerOptions {
        let kind: OptimizerKind =
            switch rule {
            case .adamw: .adamW(AdamOptions())
            case .adam: .adam(AdamOptions())
            case .sgd: .sgd(MomentumOptions(momentum: Float(momentum)))
            }
        let policy: NonFinitePolicy =
            switch nonFinite {
            case .stop: .stop
            case .skip(let limit): .skip(consecutiveLimit: limit == 0 ? nil : limit)
            }
        return OptimizerOptions(
            kind: kind, schedule: rate.schedule(totalSteps: totalSteps), weightDecay: Float(weightDecay),
            clipNorm: clipNorm == 0 ? .infinity : Float(clipNorm),
            lossScaling: precision == .float16 ? .engineDefaults : nil, nonFinitePolicy: policy)
    }

    /// How the model itself is run.
    func modelOptions() throws -> ModelOptions {
        let mode: PrecisionMode =
            switch precision {
            case .float32: .float32
            case .bfloat16Storage: .bfloat16Storage
            case .bfloat16: .bfloat16
            case .float16: .float16
            }
        return ModelOptions(
            precision: try Compute.Precision(mode), recompute: recompute == .blocks ? .blocks : .none,
            adapter: adapter?.options)
    }
}

extension RatePlan {
    fileprivate func schedule(totalSteps: Int) -> LearningRateSchedule {
        func end(_ decay: Decay) -> Int { decay.steps ?? totalSteps }
        func minimum(_ decay: Decay) -> Float { Float(peak * decay.minimumRatio) }
        let shape: LearningRateSchedule.Shape =
            switch schedule {
            case .constant: .constant
            case .linear(let decay): .linear(end: end(decay), minimum: minimum(decay))
            case .cosine(let decay): .cosine(end: end(decay), minimum: minimum(decay))
            case .multistep(let milestones, let factor): .steps(milestones: milestones, factor: Float(factor))
            }
        let updates =
            switch warmup {
            case .steps(let steps): Double(steps)
            case .proportion(let share): share * Double(totalSteps)
            }
        return LearningRateSchedule(peak: Float(peak), warmup: updates, shape: shape)
    }
}

extension AdapterPlan {
    /// The engine's words for it.
    var options: AdapterOptions {
        AdapterOptions(
            rank: rank, alpha: Float(alpha), targets: targets.isEmpty ? .allLinear : .named(targets),
            scaling: scaling == .rankStabilized ? .rankStabilized : .classic)
    }
}
