import Protocol
import SwiftProtobuf
import TestSupport
import Testing

/// The plan goes to every worker: what is written must be what is read, and damage must be told.
@Suite struct `A plan on the wire` {
    private static func configure(_ plan: TrialPlan) -> WireWorkerCommand {
        WireWorkerCommand.make { $0.configure.plan = plan.wire }
    }

    /// The plan in a frame, and out of it.
    private static func sent(_ plan: TrialPlan) throws -> TrialPlan {
        let frame = try WireCodec.encode(configure(plan))
        return try TrialPlan(WireCodec.decode(WireWorkerCommand.self, from: frame).configure.plan)
    }

    @Test func `is read as it was written, with everything in it`() throws {
        #expect(try Self.sent(SomePlans.full) == SomePlans.full)
    }

    @Test(arguments: UInt64(1)...20)
    func `is read as it was written, whatever is in it`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        for _ in 0..<20 {
            let plan = SomePlans.drawn(&random)
            #expect(try Self.sent(plan) == plan)
        }
    }

    @Test(arguments: [
        TransformerPlan.Initialization.random, .folder("/models/gpt2"), .role(.actor), .role(ModelRole("critic")),
    ])
    func `keeps first weights of every origin`(origin: TransformerPlan.Initialization) throws {
        var plan = SomePlans.full
        plan.setups[0].models[0].module = .transformer(SomePlans.sizes(origin))
        #expect(try Self.sent(plan) == plan)
    }

    @Test func `keeps whole numbers, numbers, texts and Booleans apart`() throws {
        let given = GivenArguments(
            [
                "a": 1, "b": 1.0, "c": "1", "d": true, "e": -0.25, "f": .integer(.min), "g": .number(1e-300), "h": "",
                "i": .number(0), "j": .integer(0), "k": false,
            ], group: "grpo")
        var plan = SomePlans.full
        plan.setups[0].models[0].optimizer = given
        #expect(try Self.sent(plan).setups[0].models[0].optimizer == given)
    }

    @Test func `may leave out what has a default`() throws {
        var wire = SomePlans.full.wire
        wire.seed = 0
        wire.modelWorkers[0].threads = 0
        wire.setups[0].clearEvaluation()
        wire.setups[0].dataset.clearFingerprint()
        wire.setups[0].dataset.maximumLength = 0
        wire.setups[0].models[0].clearOptimizer()
        wire.setups[0].models[0].clearOptions()
        wire.setups[0].calls[0].clearMicroBatches()
        wire.setups[0].calls[0].interface.clearArguments()
        let plan = try TrialPlan(wire), setup = plan.setups[0]
        #expect((plan.seed, plan.modelWorkers[0].threads) == (0, 0))
        #expect(setup.evaluation == nil)
        #expect((setup.dataset.fingerprint, setup.dataset.maximumLength) == (nil, 0))
        #expect((setup.models[0].optimizer, setup.models[0].options) == (nil, [:]))
        #expect(setup.calls[0].microBatches == MicroBatchSpec())
        #expect(setup.calls[0].interface.arguments == [:])
        #expect(plan.setups[1] == SomePlans.full.setups[1])
    }
}

/// What is done to a plan, and what is said of it.
private struct Damage: Sendable, CustomTestStringConvertible {
    let summary: String
    let apply: @Sendable (inout WireTrialPlan) -> Void

    init(_ summary: String, _ apply: @escaping @Sendable (inout WireTrialPlan) -> Void) {
        self.summary = summary
        self.apply = apply
    }

    var testDescription: String { summary }
}

@Suite struct `A plan is refused` {
    private func refuse(_ damage: Damage) {
        var wire = SomePlans.full.wire
        damage.apply(&wire)
        #expect(throws: WireError(.shape, damage.summary)) { try TrialPlan(wire) }
    }

    private static let missing: [Damage] = [
        Damage("the plan's experiment is missing") { $0.experiment = "" },
        Damage("the plan's trial is missing") { $0.trial = "" },
        Damage("the plan's setups[0].name is missing") { $0.setups[0].name = "" },
        Damage("the plan's setups[2].dataset is missing") { $0.setups[2].clearDataset() },
        Damage("the plan's setups[0].dataset.type is missing") { $0.setups[0].dataset.type = "" },
        Damage("the plan's setups[0].dataset.path is missing") { $0.setups[0].dataset.path = "" },
        Damage("the plan's setups[0].dataset.bad_row is missing") { $0.setups[0].dataset.badRow = "" },
        Damage("the plan's setups[0].evaluation.role is missing") { $0.setups[0].evaluation.role = "" },
        Damage("the plan's setups[0].evaluation.interface is missing") { $0.setups[0].evaluation.clearInterface() },
        Damage("the plan's setups[0].evaluation.dataset is missing") { $0.setups[0].evaluation.clearDataset() },
        Damage("the plan's setups[0].models[1].role is missing") { $0.setups[0].models[1].role = "" },
        Damage("the plan's setups[0].models[1].module is missing") { $0.setups[0].models[1].module = nil },
        Damage("the plan's setups[0].models[1].transformer.shape is missing") {
            $0.setups[0].models[1].transformer.shape = nil
        },
        Damage("the plan's setups[0].models[1].transformer.initialization is missing") {
            $0.setups[0].models[1].transformer.initialization = nil
        },
        Damage("the plan's setups[0].models[1].transformer.model_folder is missing") {
            $0.setups[0].models[1].transformer.modelFolder = ""
        },
        Damage("the plan's setups[0].models[1].transformer.weights_folder is missing") {
            $0.setups[0].models[1].transformer.weightsFolder = ""
        },
        Damage("the plan's setups[0].models[1].transformer.weights_of_role is missing") {
            $0.setups[0].models[1].transformer.weightsOfRole = ""
        },
        Damage("the plan's setups[0].models[0].transformer.sizes.family is missing") {
            $0.setups[0].models[0].transformer.sizes.family = ""
        },
        Damage("the plan's setups[0].models[0].optimizer.values[lr] is missing") {
            $0.setups[0].models[0].optimizer.values["lr"] = WireArgumentValue()
        },
        Damage("the plan's setups[0].calls[0].name is missing") { $0.setups[0].calls[0].name = "" },
        Damage("the plan's setups[0].calls[0].role is missing") { $0.setups[0].calls[0].role = "" },
        Damage("the plan's setups[0].calls[0].interface_type is missing") { $0.setups[0].calls[0].interfaceType = "" },
        Damage("the plan's setups[0].calls[0].interface is missing") { $0.setups[0].calls[0].clearInterface() },
        Damage("the plan's setups[0].calls[0].interface.type is missing") { $0.setups[0].calls[0].interface.type = "" },
        Damage("the plan's setups[0].calls[0].input_keys[1] is missing") { $0.setups[0].calls[0].inputKeys.append("") },
        Damage("the plan's setups[0].calls[0].output_keys[0] is missing") { $0.setups[0].calls[0].outputKeys[0] = "" },
        Damage("the plan's setups[0].calls[0].input_key_remap.value is missing") {
            $0.setups[0].calls[0].inputKeyRemap["a"] = ""
        },
        Damage("the plan's setups[0].calls[0].output_key_remap.key is missing") {
            $0.setups[0].calls[0].outputKeyRemap = ["": "a"]
        },
    ]

    @Test(arguments: missing)
    private func `for what is missing, by its name`(damage: Damage) { refuse(damage) }

    private static let unknown: [Damage] = [
        Damage(
            "the plan's setups[0].calls[0].interface_type is 'trainStep'; it must be one of generate, inference, "
                + "train_step, evaluate. Did you mean 'train_step'?"
        ) { $0.setups[0].calls[0].interfaceType = "trainStep" },
        Damage("the plan's setups[0].dataset.bad_row is 'ignore'; it must be one of skip, fail.") {
            $0.setups[0].dataset.badRow = "ignore"
        },
        Damage("the plan's trial name 'a_b' has a '_', which separates experiment from trial in job names.") {
            $0.trial = "a_b"
        },
        Damage("the plan's experiment name 'a/b' has a '/'.") { $0.experiment = "a/b" },
    ]

    @Test(arguments: unknown)
    private func `for words that nobody knows`(damage: Damage) { refuse(damage) }

    private static let numbers: [Damage] = [
        Damage(
            "the plan's setups[0].models[0].worker is 0; that worker is of the group 'a', which begins again by itself"
        ) {
            $0.modelWorkers[0].group = "a"
        },
        Damage("the plan's model_workers[1].threads is -1; it must be at least 0") { $0.modelWorkers[1].threads = -1 },
        Damage("the plan's model_workers[0].threads is 4097; it must be at most 4096") {
            $0.modelWorkers[0].threads = 4097
        },
        Damage("the plan's setups[2].steps is -2147483648; it must be at least 0") { $0.setups[2].steps = .min },
        Damage("the plan's setups[0].checkpoint_every_steps is 0 or missing; it must be at least 1") {
            $0.setups[0].checkpointEverySteps = 0
        },
        Damage("the plan's setups[0].dataset.maximum_length is -1; it must be at least 0") {
            $0.setups[0].dataset.maximumLength = -1
        },
        Damage("the plan's setups[0].dataset.bad_row_limit is 1.5; it must be from 0 to 1") {
            $0.setups[0].dataset.badRowLimit = 1.5
        },
        Damage("the plan's setups[0].dataset.bad_row_limit is nan; it must be from 0 to 1") {
            $0.setups[0].dataset.badRowLimit = .nan
        },
        Damage("the plan's setups[0].dataset.fingerprint.bytes is -9223372036854775808; it must be at least 0") {
            $0.setups[0].dataset.fingerprint.bytes = .min
        },
        Damage("the plan's setups[0].evaluation.rows is 0 or missing; it must be at least 1") {
            $0.setups[0].evaluation.rows = 0
        },
        Damage("the plan's setups[0].evaluation.every_steps is -5; it must be at least 1") {
            $0.setups[0].evaluation.everySteps = -5
        },
        Damage("the plan's setups[0].evaluation.replica is -1; it must be at least 0") {
            $0.setups[0].evaluation.replica = -1
        },
        Damage("the plan's setups[0].models[0].worker is 2; the plan has 2 model workers") {
            $0.setups[0].models[0].worker = 2
        },
        Damage("the plan's setups[0].models[0].worker is -1; it must be at least 0") {
            $0.setups[0].models[0].worker = -1
        },
        Damage("the plan's setups[0].models[0].pipeline_rank is -1; it must be at least 0") {
            $0.setups[0].models[0].pipelineRank = -1
        },
        Damage("the plan's setups[0].models[0].data_rank is -1; it must be at least 0") {
            $0.setups[0].models[0].dataRank = -1
        },
        Damage("the plan's setups[0].models[0].tensor_rank is -1; it must be at least 0") {
            $0.setups[0].models[0].tensorRank = -1
        },
        Damage("the plan's setups[0].models[0].transformer.sizes.width is 0 or missing; it must be at least 1") {
            $0.setups[0].models[0].transformer.sizes.width = 0
        },
        Damage("the plan's setups[0].models[0].transformer.sizes.mlp_width is 0 or missing; it must be at least 1") {
            $0.setups[0].models[0].transformer.sizes.mlpWidth = 0
        },
        Damage("the plan's setups[0].models[0].transformer.sizes.dropout is inf; it must be from 0 to 1") {
            $0.setups[0].models[0].transformer.sizes.dropout = .infinity
        },
        Damage("the plan's setups[0].models[0].optimizer.values[lr] is nan; it must be finite") {
            $0.setups[0].models[0].optimizer.values["lr"] = .with { $0.number = .nan }
        },
        Damage("the plan's setups[0].calls[0].sequences is 0 or missing; it must be at least 1") {
            $0.setups[0].calls[0].sequences = 0
        },
        Damage("the plan's setups[0].calls[0].micro_batches.minimum_count is 0 or missing; it must be at least 1") {
            $0.setups[0].calls[0].microBatches.minimumCount = 0
        },
        Damage("the plan's setups[0].calls[0].micro_batches.maximum_tokens is -1; it must be at least 1") {
            $0.setups[0].calls[0].microBatches.maximumTokens = -1
        },
    ]

    @Test(arguments: numbers)
    private func `for numbers out of range`(damage: Damage) { refuse(damage) }

    @Test func `where it is none at all`() {
        #expect(throws: WireError(.shape, "the plan's experiment is missing")) { try TrialPlan(WireTrialPlan()) }
    }

    /// The largest numbers there are, in every place of them: no sum of them leaves the numbers we count with.
    @Test func `or it can be counted with`() throws {
        var plan = SomePlans.full
        plan.setups = Array(repeating: plan.setups[0], count: 100)
        for index in plan.setups.indices { plan.setups[index].steps = .max }
        #expect(try TrialPlan(plan.wire).totalSteps == 214_748_364_700)
    }

    @Test(arguments: UInt64(1)...10)
    func `or read, whatever becomes of its frame, and what was read is read again`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let good = try WireCodec.encode(WireWorkerCommand.make { $0.configure.plan = SomePlans.full.wire })
        for _ in 0..<60 {
            var frame = good
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                frame[Int.random(in: frame.indices, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
            }
            if Bool.random(using: &random) { frame.removeLast(Int.random(in: 0..<frame.count, using: &random)) }
            guard let command = try? WireCodec.decode(WireWorkerCommand.self, from: frame) else { continue }
            do {
                let plan = try TrialPlan(command.configure.plan)
                #expect(try TrialPlan(plan.wire) == plan)
                #expect(plan.totalSteps >= 0)
            } catch let error as WireError {
                #expect(error.summary.hasPrefix("the plan's "))
            }
        }
    }
}
