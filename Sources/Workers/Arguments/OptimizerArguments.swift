package import Compute
package import Protocol

/// How a role that trains is updated: every knob of its optimizer and its adapter, declared and read here and nowhere
/// else.
package struct OptimizerArguments: Sendable {
    package static let declared = rateArguments + ruleArguments + lossScaleArguments + faultArguments + adapterArguments

    /// Trains low-rank matrices beside frozen weights; nil trains the weights.
    package let adapter: AdapterOptions?
    private let kind: OptimizerKind
    private let schedule: @Sendable (_ totalSteps: Int) -> LearningRateSchedule
    private let weightDecay: Float
    private let clipNorm: Float
    private let lossScaling: LossScalerOptions
    private let nonFinitePolicy: NonFinitePolicy
    private let values: ArgumentValues

    /// Numbers that the rule keeps beside each one that trains.
    package var momentCount: Int { kind.stateNames.count }

    /// - Throws: `WorkerError` for values that contradict each other, and for lists that are none.
    package init(_ given: GivenArguments) throws {
        try self.init(values: ArgumentValues(given, of: "an optimizer", declared: Self.declared))
    }

    init(values: ArgumentValues) throws {
        self.values = values
        schedule = try Self.schedule(values)
        kind = try Self.kind(values)
        weightDecay = try values.float("weight_decay")
        let longest = try values.float("clip_norm")
        clipNorm = longest == 0 ? .infinity : longest
        lossScaling = try Self.lossScaling(values)
        let limit = try values.integer("skip_limit")
        nonFinitePolicy =
            try values.text("non_finite") == "skip" ? .skip(consecutiveLimit: limit == 0 ? nil : limit) : .stop
        adapter = try Self.adapter(values)
    }

    /// The engine's options for a setup of `totalSteps` updates of a model that runs in `precision`.
    package func options(totalSteps: Int, precision: Precision) -> OptimizerOptions {
        OptimizerOptions(
            kind: kind, schedule: schedule(totalSteps), weightDecay: weightDecay, clipNorm: clipNorm,
            lossScaling: precision.mode == .float16 ? lossScaling : nil, nonFinitePolicy: nonFinitePolicy)
    }

    /// - Throws: `WorkerError` where the adapter has no place in a model of this shape, with the layers that it has.
    package func checkAdapter(fits spec: ModelSpec) throws {
        guard let adapter else { return }
        do {
            _ = try spec.parameterTable(adapter: adapter)
        } catch {
            throw WorkerError(
                .plan, "\(values.label("lora_targets")): \(error.summary)", detail: error.detail, hint: error.hint)
        }
    }
}

// MARK: - The learning rate

extension OptimizerArguments {
    private static let ofDecay = Condition("schedule", .isOneOf(["linear", "cosine"]))
    private static let ofSteps = Condition("schedule", .isOneOf(["multistep"]))
    private static let rateArguments = [
        Argument("lr", .number(0...10), default: 2e-4, "learning rate at the end of the warm-up"),
        Argument(
            "schedule", .choice(["constant", "linear", "cosine", "multistep"]), default: "constant",
            "how the learning rate goes on after the warm-up"),
        Argument("warmup_steps", .integer(0...1_000_000), default: 0, "updates of linear warm-up"),
        Argument(
            "warmup_steps_proportion", .number(0...1), default: 0,
            "the same as a share of all updates; set one of the two"),
        Argument(
            "min_lr_ratio", .number(0...1), default: 0, "last learning rate of linear and cosine as a share of lr",
            when: ofDecay),
        Argument(
            "decay_steps", .integer(0...1_000_000_000), default: 0,
            "update at which linear and cosine reach it; 0: the last", when: ofDecay),
        Argument(
            "milestones", .text, default: "",
            "multistep: numbers of updates with commas between them, behind each of which the rate changes",
            when: ofSteps),
        Argument(
            "gamma", .number(0...1), default: 0.1, "multistep: what the rate is multiplied by at each milestone",
            when: ofSteps),
    ]

    private static func schedule(_ values: ArgumentValues) throws -> @Sendable (Int) -> LearningRateSchedule {
        let peak = try values.number("lr"), word = try values.text("schedule")
        let steps = try values.integer("warmup_steps"), share = try values.number("warmup_steps_proportion")
        guard steps == 0 || share == 0 else {
            let names = ["warmup_steps", "warmup_steps_proportion"].map(values.label)
            throw WorkerError(
                .plan, "\(names[0])=\(steps) and \(names[1])=\(share) contradict", hint: "set one of them to 0")
        }
        let minimum = Float(peak * (try values.number("min_lr_ratio"))), decaySteps = try values.integer("decay_steps")
        let numbers = try milestones(values, isNeeded: word == "multistep"), factor = try values.float("gamma")
        return { totalSteps in
            let end = decaySteps == 0 ? totalSteps : decaySteps
            let shape: LearningRateSchedule.Shape =
                switch word {
                case "linear": .linear(end: end, minimum: minimum)
                case "cosine": .cosine(end: end, minimum: minimum)
                case "multistep": .steps(milestones: numbers, factor: factor)
                default: .constant
                }
            let warmup = share > 0 ? share * Double(totalSteps) : Double(steps)
            return LearningRateSchedule(peak: Float(peak), warmup: warmup, shape: shape)
        }
    }

    private static func milestones(_ values: ArgumentValues, isNeeded: Bool) throws -> [Int] {
        let words = try values.words("milestones"), numbers = words.compactMap { Int($0) }.filter { $0 > 0 }
        guard isNeeded else { return numbers }
        guard !numbers.isEmpty, numbers.count == words.count, numbers == numbers.sorted() else {
            throw values.refusal(
                "milestones", mustBe: "numbers of updates in rising order",
                detail: "\(values.label("schedule"))=multistep changes the rate behind each of them.",
                hint: "write them as \(values.label("milestones"))=100,200")
        }
        return numbers
    }
}

// MARK: - The rule

extension OptimizerArguments {
    private static let ofAdam = Condition("optimizer", .isOneOf(["adamw", "adam"]))
    private static let ofSGD = Condition("optimizer", .isOneOf(["sgd"]))
    private static let ruleArguments = [
        Argument("weight_decay", .number(0...1), default: 0.05, "weight decay"),
        Argument("clip_norm", .number(0...1e6), default: 1, "largest gradient norm; 0: no clipping"),
        Argument(
            "optimizer", .choice(["adamw", "adam", "sgd"]), default: "adamw",
            "adamw, adam with decay as a penalty, or sgd with momentum"),
        Argument(
            "beta1", .number(0...0.999999), default: 0.9, "adam: how much of the mean of gradients is kept",
            when: ofAdam),
        Argument(
            "beta2", .number(0...0.999999), default: 0.95, "adam: how much of the mean of their squares is kept",
            when: ofAdam),
        Argument(
            "epsilon", .number(1e-16...1), default: 1e-5, "adam: added to the root of the mean square", when: ofAdam),
        Argument(
            "momentum", .number(0...1), default: 0.9, "sgd: how much of the last step is kept; 0: none", when: ofSGD),
        Argument(
            "nesterov", .boolean, default: false, "sgd: true takes the step from where momentum leads to", when: ofSGD),
    ]

    private static func kind(_ values: ArgumentValues) throws -> OptimizerKind {
        let adam = AdamOptions(
            beta1: try values.float("beta1"), beta2: try values.float("beta2"), epsilon: try values.float("epsilon"))
        let momentum = try values.float("momentum"), isNesterov = try values.boolean("nesterov")
        switch try values.text("optimizer") {
        case "adam": return .adam(adam)
        case "sgd": return .sgd(MomentumOptions(momentum: momentum, variant: isNesterov ? .nesterov : .classic))
        default: return .adamW(adam)
        }
    }
}

// MARK: - Updates that are not finite

extension OptimizerArguments {
    /// The model's argument, in the same group of settings.
    private static let ofBinary16 = Condition("precision", .isOneOf(["fp16"]))
    private static let lossScaleArguments = [
        Argument(
            "loss_scale", .number(1...4_294_967_296), default: 32_768, "fp16: what the loss is first multiplied by",
            when: ofBinary16),
        Argument("loss_scale_growth", .number(1...1024), default: 2, "fp16: what the scale grows by", when: ofBinary16),
        Argument(
            "loss_scale_window", .integer(1...1_000_000_000), default: 1000,
            "fp16: good updates in a row after which it grows", when: ofBinary16),
        Argument(
            "loss_scale_backoff", .number(0.001...1), default: 0.5, "fp16: what an overflow multiplies it by",
            when: ofBinary16),
        Argument(
            "loss_scale_overflows", .integer(1...1_000_000), default: 2, "fp16: overflows until that happens",
            when: ofBinary16),
        Argument(
            "loss_scale_rule", .choice(["consecutive", "hysteresis"]), default: "consecutive",
            "fp16: count overflows anew after each good update, or until the scale next grows", when: ofBinary16),
        Argument(
            "loss_scale_min", .number(1...4_294_967_296), default: 1, "fp16: the scale never falls below",
            when: ofBinary16),
        Argument(
            "loss_scale_max", .number(1...4_294_967_296), default: 4_294_967_296, "fp16: the scale never grows above",
            when: ofBinary16),
    ]

    private static let faultArguments = [
        Argument(
            "non_finite", .choice(["stop", "skip"]), default: "stop",
            "what a loss or gradient that is not finite does: end the attempt, or be left out and told"),
        Argument(
            "skip_limit", .integer(0...1_000_000), default: 10,
            "updates left out in a row that end the attempt; 0: no limit",
            when: Condition("non_finite", .isOneOf(["skip"]))),
    ]

    private static func lossScaling(_ values: ArgumentValues) throws -> LossScalerOptions {
        let overflows = try values.integer("loss_scale_overflows"), rule = try values.text("loss_scale_rule")
        let least = try values.float("loss_scale_min"), most = try values.float("loss_scale_max")
        guard least <= most else {
            throw values.refusal("loss_scale_min", mustBe: "at most \(values.label("loss_scale_max")), \(most)")
        }
        return LossScalerOptions(
            initialScale: try values.float("loss_scale"), growthFactor: try values.float("loss_scale_growth"),
            growthInterval: try values.integer("loss_scale_window"),
            backoffFactor: try values.float("loss_scale_backoff"),
            backoff: rule == "hysteresis" ? .hysteresis(overflows) : .consecutive(overflows), minimumScale: least,
            maximumScale: most)
    }
}

// MARK: - The adapter

extension OptimizerArguments {
    private static let ofAdapter = Condition("lora_rank", .isAboveZero)
    private static let adapterArguments = [
        Argument(
            "lora_rank", .integer(0...65_536), default: 0,
            "rank of a low-rank adapter that trains beside frozen weights; 0: the weights train"),
        Argument(
            "lora_alpha", .number(0...1e6), default: 16, "the adapter is added times alpha / rank", when: ofAdapter),
        Argument(
            "lora_targets", .text, default: "all-linear",
            "all-linear, or names of linear layers with commas between them, such as c_attn or q_proj,v_proj",
            when: ofAdapter),
        Argument(
            "use_rslora", .boolean, default: false, "true: add the adapter times alpha / root of rank", when: ofAdapter),
    ]

    private static func adapter(_ values: ArgumentValues) throws -> AdapterOptions? {
        let rank = try values.integer("lora_rank"), targets = try values.words("lora_targets")
        let alpha = try values.float("lora_alpha"), isStabilized = try values.boolean("use_rslora")
        guard rank > 0 else { return nil }
        guard !targets.isEmpty else {
            throw WorkerError(
                .plan, "\(values.label("lora_targets")) names no layer",
                hint: "\(values.label("lora_targets"))=all-linear takes them all")
        }
        return AdapterOptions(
            rank: rank, alpha: alpha, targets: targets == ["all-linear"] ? .allLinear : .named(targets),
            scaling: isStabilized ? .rankStabilized : .classic)
    }
}
