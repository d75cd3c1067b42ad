import Foundation
import Protocol
import Testing

/// The plan goes to every worker as JSON: what is written must be what is read, and damage must be told.
@Suite struct TrialPlanTests {
    private let plan: TrialPlan

    init() throws {
        let rows = DatasetPlan(type: "jsonl", path: "/d/prompts ü.jsonl", maximumLength: 64, badRow: .skip)
        let actor = ModelPlan(
            shard: ModelShardID(ModelName(.actor)), worker: 0,
            module: .transformer(
                TransformerPlan(
                    family: "gpt2", contextLength: 64, width: 32, layers: 2, heads: 4, initialization: .random)),
            options: ["precision": "bf16"],
            optimizer: GivenArguments(
                ["lr": 3e-4, "clip_norm": 1.0, "skip_limit": 3, "use_rslora": true], group: "sft"))
        let reference = ModelPlan(
            shard: ModelShardID(ModelName(.reference)), worker: 1,
            module: .transformer(
                TransformerPlan(
                    family: "gpt2", contextLength: 64, width: 32, layers: 2, heads: 4, initialization: .role(.actor))))
        let reward = ModelPlan(shard: ModelShardID(ModelName(.reward)), worker: 1, module: .tokenizerOnly)
        let train = ModelFunctionCall(
            name: "actor_train", interfaceType: .trainStep,
            interface: InterfaceReference("grpo_actor", arguments: ["kl": .number(0.05), "group": .integer(8)]),
            model: ModelName(.actor), inputKeys: ["packed_input_ids"], outputKeys: ["loss"],
            inputKeyRemap: ["packed_ref_logprobs": "logprobs", "a": "b"], outputKeyRemap: ["x": "loss"],
            sequences: 16, microBatches: MicroBatchSpec(minimumCount: 2, maximumTokens: 4096))
        func setup(_ name: String, steps: Int) -> SetupPlan {
            SetupPlan(
                name: name, steps: steps, models: [actor, reference, reward], calls: [train], dataset: rows,
                evaluation: EvaluationPlan(
                    model: ModelName(.actor), interface: InterfaceReference("grpo_actor"), dataset: rows, rows: 100,
                    everySteps: 10),
                checkpointEverySteps: 5)
        }
        plan = TrialPlan(
            id: TrialID(experiment: try ExperimentName("grpo-arith"), trial: try TrialName("first")), seed: .max,
            modelWorkers: [ModelWorkerPlan(threads: 2), ModelWorkerPlan(threads: 1)],
            setups: [setup("sft", steps: 30), setup("none", steps: 0), setup("grpo", steps: 200)])
    }

    /// The plan's JSON with one value replaced or removed (nil), and read again.
    private func decoded(replacing path: [String], by value: Any?) throws -> TrialPlan {
        var tree = try JSONSerialization.jsonObject(with: JSONEncoder().encode(plan))
        tree = Self.replace(path[...], in: tree, by: value)
        return try JSONDecoder().decode(TrialPlan.self, from: JSONSerialization.data(withJSONObject: tree))
    }

    private static func replace(_ path: ArraySlice<String>, in tree: Any, by value: Any?) -> Any {
        guard let step = path.first else { return value ?? NSNull() }
        if var list = tree as? [Any], let index = Int(step) {
            list[index] = replace(path.dropFirst(), in: list[index], by: value)
            return list
        }
        guard var object = tree as? [String: Any] else { return tree }
        if path.count == 1 {
            object[step] = value
        } else if let child = object[step] {
            object[step] = replace(path.dropFirst(), in: child, by: value)
        }
        return object
    }

    @Test func `a plan with everything in it is read as it was written`() throws {
        #expect(try JSONDecoder().decode(TrialPlan.self, from: JSONEncoder().encode(plan)) == plan)
    }

    @Test(arguments: [
        TransformerPlan.Initialization.random, .folder("/models/gpt2"), .folder(""), .role(.actor),
        .role(ModelRole("critic")),
    ])
    func `first weights of every origin survive`(origin: TransformerPlan.Initialization) throws {
        let written = try JSONEncoder().encode([origin])
        #expect(try JSONDecoder().decode([TransformerPlan.Initialization].self, from: written) == [origin])
    }

    @Test(arguments: [
        ["seed"], ["id"], ["setups"], ["modelWorkers", "0", "threads"], ["setups", "0", "name"],
        ["setups", "0", "dataset"], ["setups", "0", "models", "0", "module"],
        ["setups", "0", "models", "0", "optimizer", "group"], ["setups", "2", "calls", "0", "sequences"],
        ["setups", "0", "calls", "0", "inputKeyRemap"], ["setups", "0", "evaluation", "everySteps"],
    ])
    func `a missing value is refused and named`(path: [String]) throws {
        let error = #expect(throws: DecodingError.self) { try decoded(replacing: path, by: nil) }
        let name = try #require(path.last)
        #expect("\(String(describing: error))".contains(name))
    }

    @Test(
        arguments: [
            (["seed"], -1), (["seed"], 1.5), (["seed"], "1"),
            (["setups", "0", "calls", "0", "interfaceType"], "trainStep"),
            (["setups", "0", "dataset", "badRow"], "ignore"),
            (["setups", "0", "models", "0", "optimizer", "numbers", "lr"], "fast"),
            (["setups", "0", "calls", "0", "inputKeyRemap"], ["a", "b", "c"]),
            (["setups", "0", "models", "0", "module"], ["mamba": [String: Int]()]),
            (["setups", "0", "steps"], 1e30),
        ] as [([String], any Sendable)])
    func `a value of a wrong kind is refused`(path: [String], value: any Sendable) {
        #expect(throws: DecodingError.self) { try decoded(replacing: path, by: value) }
    }

    @Test func `a setup without evaluation and a model without optimizer are read as such`() throws {
        let bare = try decoded(replacing: ["setups", "0", "evaluation"], by: nil)
        #expect(bare.setups[0].evaluation == nil)
        #expect(bare.setups[1] == plan.setups[1])
        let frozen = try decoded(replacing: ["setups", "0", "models", "0", "optimizer"], by: nil)
        #expect(frozen.setups[0].models[0].optimizer == nil)
    }

    @Test func `the step axis runs through all setups`() {
        #expect(plan.totalSteps == 230)
        #expect(plan.setups.indices.map(plan.stepsBefore) == [0, 30, 30])
        #expect(plan.stepsBefore(setup: plan.setups.count) == plan.totalSteps)
    }

    @Test func `the master is one of the workers and comes first`() {
        #expect(plan.workers.map(\.description) == ["master_worker/0", "model_worker/0", "model_worker/1"])
        var alone = plan
        alone.modelWorkers = []
        #expect(alone.workers == [.master])
    }

    @Test func `what an experiment does not say of batches has these values`() {
        #expect(MicroBatchSpec() == MicroBatchSpec(minimumCount: 1, maximumTokens: nil))
    }
}
