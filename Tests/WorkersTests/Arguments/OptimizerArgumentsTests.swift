import Compute
import Protocol
import Testing

@testable import Workers

@Suite struct `What arguments ask of the optimizer` {
    private func options(
        _ given: GivenArguments, totalSteps: Int = 100, precision: PrecisionMode = .float32
    ) throws -> OptimizerOptions {
        try OptimizerArguments(given).options(totalSteps: totalSteps, precision: Precision(precision))
    }

    private func schedule(_ given: GivenArguments, totalSteps: Int = 100) throws -> LearningRateSchedule {
        var given = given
        given["lr"] = 0.5
        return try options(given, totalSteps: totalSteps).schedule
    }

    @Test func `nothing but the defaults of language models`() throws {
        let options = try options([:])
        #expect(options.kind == .adamW(AdamOptions(beta1: 0.9, beta2: 0.95, epsilon: 1e-5)))
        #expect(options.weightDecay == 0.05 && options.clipNorm == 1)
        #expect(options.schedule == LearningRateSchedule(peak: 2e-4, warmup: 0, shape: .constant))
        #expect(options.nonFinitePolicy == .stop)
    }

    @Test func `a rate that falls to its share of the peak at the last update, or where it is told to`() throws {
        #expect(try schedule([:]).shape == .constant)
        #expect(try schedule(["schedule": "linear"]).shape == .linear(end: 100, minimum: 0))
        let decay: GivenArguments = ["schedule": "linear", "min_lr_ratio": 0.25, "decay_steps": 40]
        #expect(try schedule(decay).shape == .linear(end: 40, minimum: 0.125))
        let cosine: GivenArguments = ["schedule": "cosine", "min_lr_ratio": 0.25, "decay_steps": 40]
        #expect(try schedule(cosine).shape == .cosine(end: 40, minimum: 0.125))
        #expect(try schedule(["schedule": "cosine", "min_lr_ratio": 0.5]).rate(ofUpdate: 100) == 0.25)
    }

    @Test func `a rate that changes behind each milestone`() throws {
        let steps = try schedule(["schedule": "multistep", "milestones": "3, 6", "gamma": 0.5])
        #expect([1, 3, 4, 6, 7, 90].map { steps.rate(ofUpdate: $0) } == [0.5, 0.5, 0.25, 0.25, 0.125, 0.125])
    }

    @Test func `a warm-up of a number of updates or a share of them, not always whole`() throws {
        #expect(try schedule(["warmup_steps": 5]).warmup == 5)
        #expect(try schedule(["warmup_steps_proportion": 0.25], totalSteps: 10).warmup == 2.5)
        #expect(try schedule(["warmup_steps_proportion": 0.25], totalSteps: 10).rate(ofUpdate: 1) == 0.2)
    }

    @Test func `Adam's own numbers`() throws {
        let numbers: GivenArguments = ["beta1": 0.8, "beta2": 0.999, "epsilon": 1e-8]
        let wanted = AdamOptions(beta1: 0.8, beta2: 0.999, epsilon: 1e-8)
        #expect(try options(numbers).kind == .adamW(wanted))
        #expect(
            try options(["optimizer": "adam", "beta1": 0.8, "beta2": 0.999, "epsilon": 1e-8]).kind == .adam(wanted))
        #expect(try OptimizerArguments(numbers).momentCount == 2)
    }

    @Test func `momentum, Nesterov's or none`() throws {
        #expect(try options(["optimizer": "sgd"]).kind == .sgd(MomentumOptions(momentum: 0.9)))
        #expect(
            try options(["optimizer": "sgd", "momentum": 0.5, "nesterov": true]).kind
                == .sgd(MomentumOptions(momentum: 0.5, variant: .nesterov)))
        #expect(try OptimizerArguments(["optimizer": "sgd"]).momentCount == 1)
        #expect(try OptimizerArguments(["optimizer": "sgd", "momentum": 0]).momentCount == 0)
    }

    @Test func `what is not finite stops, or is left out up to a limit`() throws {
        #expect(try options(["non_finite": "skip"]).nonFinitePolicy == .skip(consecutiveLimit: 10))
        #expect(try options(["non_finite": "skip", "skip_limit": 0]).nonFinitePolicy == .skip(consecutiveLimit: nil))
        #expect(try options(["non_finite": "skip", "skip_limit": 7]).nonFinitePolicy == .skip(consecutiveLimit: 7))
    }

    @Test func `no clipping is an infinite limit`() throws {
        #expect(try options(["clip_norm": 0]).clipNorm == .infinity)
    }

    @Test func `a loss scale for binary16 only, with its own numbers`() throws {
        #expect(try options([:]).lossScaling == nil)
        #expect(try options([:], precision: .float16).lossScaling == LossScalerOptions())
        let windowed: GivenArguments = [
            "loss_scale": 4_294_967_296, "loss_scale_window": 5, "loss_scale_rule": "hysteresis",
        ]
        #expect(
            try options(windowed, precision: .float16).lossScaling
                == LossScalerOptions(initialScale: 4_294_967_296, growthInterval: 5, backoff: .hysteresis(2)))
        let other: GivenArguments = [
            "loss_scale": 8, "loss_scale_growth": 4, "loss_scale_backoff": 0.25, "loss_scale_overflows": 3,
            "loss_scale_min": 2, "loss_scale_max": 64,
        ]
        #expect(
            try options(other, precision: .float16).lossScaling
                == LossScalerOptions(
                    initialScale: 8, growthFactor: 4, backoffFactor: 0.25, backoff: .consecutive(3), minimumScale: 2,
                    maximumScale: 64))
    }

    @Test func `an adapter, of some layers or of all`() throws {
        func adapter(_ given: GivenArguments) throws -> AdapterOptions? { try OptimizerArguments(given).adapter }
        #expect(try adapter([:]) == nil)
        #expect(try adapter(["lora_targets": "q_proj"]) == nil)
        #expect(
            try adapter(["lora_rank": 4, "lora_alpha": 8])
                == AdapterOptions(rank: 4, alpha: 8, targets: .allLinear))
        #expect(
            try adapter(["lora_rank": 4, "lora_alpha": 8, "lora_targets": "q_proj, v_proj", "use_rslora": true])
                == AdapterOptions(rank: 4, alpha: 8, targets: .named(["q_proj", "v_proj"]), scaling: .rankStabilized))
    }

    @Test(
        arguments: [
            (["schedule": "multistep"], "sft.milestones is ''; it must be numbers of updates in rising order"),
            (["schedule": "multistep", "milestones": "5,4"], "sft.milestones is '5,4'; it must be numbers"),
            (["schedule": "multistep", "milestones": "0,4"], "sft.milestones is '0,4'; it must be numbers"),
            (["schedule": "multistep", "milestones": "a"], "sft.milestones is 'a'; it must be numbers"),
            (
                ["warmup_steps": 3, "warmup_steps_proportion": 0.5],
                "sft.warmup_steps=3 and sft.warmup_steps_proportion=0.5 contradict"
            ),
            (["lora_rank": 2, "lora_targets": ","], "sft.lora_targets names no layer"),
            (
                ["loss_scale_min": 9, "loss_scale_max": 8],
                "sft.loss_scale_min is 9.0; it must be at most sft.loss_scale_max, 8.0"
            ),
        ] as [([String: SettingValue], String)])
    func `nothing where the words contradict each other, and the setting is told`(
        given: [String: SettingValue], summary: String
    ) {
        let error = #expect(throws: WorkerError.self) {
            try OptimizerArguments(GivenArguments(given, group: "sft"))
        }
        #expect(error?.summary.hasPrefix(summary) == true, "\(error?.summary ?? "")")
    }
}

@Suite struct `What arguments ask of a model` {
    @Test func `precision and what is kept`() throws {
        let options = try ModelArguments(["precision": "bf16", "recompute": "blocks"]).options
        #expect(options.precision.mode == .bfloat16)
        #expect(options.recompute == .blocks && options.adapter == nil)
        #expect(try ModelArguments([:]).options == ModelOptions())
    }

    @Test func `ops in or out of low precision`() throws {
        let lists: GivenArguments = [
            "precision": "fp16", "precision_white_list": "lookup_table", "precision_black_list": "attention",
        ]
        let precision = try ModelArguments(lists).options.precision
        #expect(precision.whiteList == [.matmul, .embedding])
    }

    @Test func `nothing for an op that is none or runs in single precision only`() {
        let unknown = GivenArguments(["precision_black_list": "atention"], group: "grpo")
        #expect(
            throws: WorkerError(
                .plan,
                "grpo.precision_black_list is 'atention'; it must be ops with commas between them."
                    + " Did you mean 'attention'?", detail: "There is no op 'atention'.",
                hint: "ops: matmul, attention, lookup_table, softmax, norm, cross_entropy, reduce_sum")
        ) { try ModelArguments(unknown) }
        let single = GivenArguments(["precision_white_list": "softmax"], group: "grpo")
        let error = #expect(throws: WorkerError.self) { try ModelArguments(single) }
        #expect(
            error?.summary
                == "grpo.precision_white_list: The precision lists contradict: op 'softmax' runs in single precision only."
        )
    }
}
