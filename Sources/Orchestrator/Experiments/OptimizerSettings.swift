import Protocol

extension CommonSettings {
    /// The words of `<group>.schedule`.
    private enum ScheduleWord {
        static let multistep = "multistep"
        static let all = ["constant", "linear", "cosine", multistep]
    }

    /// An optimizer's settings under `group`.
    static func optimizer(_ group: String, learningRate: Double) -> [Setting] {
        rate(group, learningRate) + update(group) + adapter(group)
    }

    private static func rate(_ group: String, _ learningRate: Double) -> [Setting] {
        [
            Setting(
                "\(group).lr", .number(0...10), default: .number(learningRate),
                "learning rate at the end of the warm-up"),
            Setting(
                "\(group).schedule", .choice(ScheduleWord.all), default: .text("constant"),
                "how the learning rate goes on after the warm-up"),
            Setting(
                "\(group).warmup_steps", .integer(0...1_000_000), default: .integer(0), "updates of linear warm-up"),
            Setting(
                "\(group).warmup_steps_proportion", .number(0...1), default: .number(0),
                "the same as a share of all updates; set one of the two"),
            Setting(
                "\(group).min_lr_ratio", .number(0...1), default: .number(0),
                "last learning rate of linear and cosine as a share of lr"),
            Setting(
                "\(group).decay_steps", .integer(0...1_000_000_000), default: .integer(0),
                "update at which linear and cosine reach it; 0: the last"),
            Setting(
                "\(group).milestones", .text, default: .text(""),
                "multistep: numbers of updates with commas between them, behind each of which the rate changes"),
            Setting(
                "\(group).gamma", .number(0...1), default: .number(0.1),
                "multistep: what the rate is multiplied by at each milestone"),
        ]
    }

    private static func update(_ group: String) -> [Setting] {
        [
            Setting("\(group).weight_decay", .number(0...1), default: .number(0.05), "weight decay"),
            Setting(
                "\(group).clip_norm", .number(0...1e6), default: .number(1), "largest gradient norm; 0: no clipping"),
            Setting(
                "\(group).optimizer", .choice(OptimizerPlan.Rule.allCases.map(\.rawValue)), default: .text("adamw"),
                "adamw, adam with decay as a penalty, or sgd with momentum"),
            Setting("\(group).momentum", .number(0...1), default: .number(0.9), "momentum of sgd; 0: none"),
            Setting(
                "\(group).precision", .choice(OptimizerPlan.Precision.allCases.map(\.rawValue)), default: .text("f32"),
                "format of products; all but f32 are emulated where the processor lacks them"),
            Setting(
                "\(group).recompute", .choice(OptimizerPlan.Recompute.allCases.map(\.rawValue)), default: .text("none"),
                "blocks: keep only the input of each block and compute the rest again, for less memory"),
            Setting(
                "\(group).n_mbs", .integer(1...65_536), default: .integer(1),
                "micro-batches an update is cut into, at least; as many sequences as there are, at most"),
            Setting(
                "\(group).max_tokens_per_mb", .integer(0...1_000_000_000), default: .integer(0),
                "tokens of a micro-batch, at most; 0: no limit"),
            Setting(
                "\(group).non_finite", .choice(["stop", "skip"]), default: .text("stop"),
                "what a loss or gradient that is not finite does: end the attempt, or be left out and told"),
            Setting(
                "\(group).skip_limit", .integer(0...1_000_000), default: .integer(10),
                "updates left out in a row that end the attempt; 0: no limit"),
        ]
    }

    private static func adapter(_ group: String) -> [Setting] {
        [
            Setting(
                "\(group).lora_rank", .integer(0...65_536), default: .integer(0),
                "rank of a low-rank adapter that trains beside frozen weights; 0: the weights train"),
            Setting(
                "\(group).lora_alpha", .number(0...1e6), default: .number(16),
                "the adapter is added times alpha / rank"),
            Setting(
                "\(group).lora_targets", .text, default: .text("all-linear"),
                "all-linear, or names of linear layers with commas between them, such as c_attn or q_proj,v_proj"),
            Setting(
                "\(group).use_rslora", .boolean, default: .boolean(false),
                "true: add the adapter times alpha / root of rank"),
        ]
    }
}

extension Settings {
    /// - Throws: `.badValue` for settings that contradict each other, and for lists that are none.
    func optimizerPlan(_ group: String) throws(ConfigurationError) -> OptimizerPlan {
        let limit = integer("\(group).skip_limit")
        return OptimizerPlan(
            rate: try ratePlan(group), weightDecay: number("\(group).weight_decay"),
            clipNorm: number("\(group).clip_norm"),
            rule: OptimizerPlan.Rule(rawValue: text("\(group).optimizer")) ?? .adamw,
            momentum: number("\(group).momentum"),
            precision: OptimizerPlan.Precision(rawValue: text("\(group).precision")) ?? .float32,
            recompute: OptimizerPlan.Recompute(rawValue: text("\(group).recompute")) ?? .none,
            nonFinite: text("\(group).non_finite") == "skip" ? .skip(limit: limit) : .stop,
            adapter: try adapterPlan(group))
    }

    /// How the update of a call is cut.
    func microBatches(_ group: String) -> MicroBatchSpec {
        let most = integer("\(group).max_tokens_per_mb")
        return MicroBatchSpec(minimumCount: integer("\(group).n_mbs"), maximumTokens: most == 0 ? nil : most)
    }

    private func ratePlan(_ group: String) throws(ConfigurationError) -> RatePlan {
        let steps = integer("\(group).warmup_steps"), share = number("\(group).warmup_steps_proportion")
        guard steps == 0 || share == 0 else {
            throw ConfigurationError(
                .badValue, "\(group).warmup_steps=\(steps) and \(group).warmup_steps_proportion=\(share) contradict",
                hint: "set one of them to 0")
        }
        let decaySteps = integer("\(group).decay_steps")
        let decay = RatePlan.Decay(
            minimumRatio: number("\(group).min_lr_ratio"), steps: decaySteps == 0 ? nil : decaySteps)
        let schedule: RatePlan.Schedule =
            switch text("\(group).schedule") {
            case "linear": .linear(decay)
            case "cosine": .cosine(decay)
            case "multistep":
                .multistep(milestones: try milestones(group), factor: number("\(group).gamma"))
            default: .constant
            }
        return RatePlan(
            peak: number("\(group).lr"), warmup: share > 0 ? .proportion(share) : .steps(steps), schedule: schedule)
    }

    private func milestones(_ group: String) throws(ConfigurationError) -> [Int] {
        let words = words(of: "\(group).milestones"), numbers = words.compactMap { Int($0) }.filter { $0 > 0 }
        guard !numbers.isEmpty, numbers.count == words.count, numbers == numbers.sorted() else {
            throw ConfigurationError(
                .badValue,
                "\(group).milestones='\(text("\(group).milestones"))' must be numbers of updates in rising order",
                detail: "\(group).schedule=multistep changes the rate behind each of them.",
                hint: "write them as \(group).milestones=100,200")
        }
        return numbers
    }

    private func adapterPlan(_ group: String) throws(ConfigurationError) -> AdapterPlan? {
        let rank = integer("\(group).lora_rank")
        guard rank > 0 else { return nil }
        let targets = words(of: "\(group).lora_targets")
        guard !targets.isEmpty else {
            throw ConfigurationError(
                .badValue, "\(group).lora_targets names no layer",
                hint: "\(group).lora_targets=all-linear takes them all")
        }
        return AdapterPlan(
            rank: rank, alpha: number("\(group).lora_alpha"), targets: targets == ["all-linear"] ? [] : targets,
            scaling: boolean("\(group).use_rslora") ? .rankStabilized : .classic)
    }

    /// What stands between the commas of a text.
    private func words(of path: String) -> [String] {
        text(path).split { $0 == "," || $0 == " " }.map(String.init)
    }
}
