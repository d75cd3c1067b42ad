import Protocol
import TestSupport

@testable import Workers

/// Trials with random dataflow graphs over random placements, every one of them valid.
struct RandomTrial {
    private var generator: SplitMix
    private let workers: Int

    init(seed: UInt64) {
        generator = SplitMix(seed: seed)
        workers = Int.random(in: 1...4, using: &generator)
    }

    /// A trial of one to three setups of one to four steps.
    mutating func plan() throws -> TrialPlan {
        let count = Int.random(in: 1...3, using: &generator)
        let setups = (0..<count).map { setup(named: "setup\($0)") }
        return TrialPlan(
            id: TrialID(experiment: try ExperimentName("random"), trial: try TrialName("test")), seed: 1,
            modelWorkers: (0..<workers).map { _ in ModelWorkerPlan(threads: 1) }, setups: setups)
    }

    private mutating func setup(named name: String) -> SetupPlan {
        let calls = graph()
        let models = calls.map { call in
            ModelPlan(
                shard: ModelShardID(call.model), worker: Int.random(in: 0..<workers, using: &generator),
                module: .tokenizerOnly)
        }
        let dataset = DatasetPlan(type: "prompt", path: "none.jsonl", maximumLength: 8, badRow: .skip)
        let trained = calls[calls.count - 1].model
        let evaluation = EvaluationPlan(
            model: trained, interface: InterfaceReference("sft"), dataset: dataset, rows: 1,
            everySteps: Int.random(in: 1...3, using: &generator))
        return SetupPlan(
            name: name, steps: Int.random(in: 1...4, using: &generator), models: models, calls: calls, dataset: dataset,
            evaluation: Bool.random(using: &generator) ? evaluation : nil,
            checkpointEverySteps: Int.random(in: 1...3, using: &generator))
    }

    /// Up to six calls that make data, then a train step; each reads keys of the dataset and of calls before it.
    private mutating func graph() -> [ModelFunctionCall] {
        let batch = [1, 2, 4, 6, 12].randomElement(using: &generator) ?? 1
        var keys: [SequenceKey] = ["d0", "d1", "d2"], calls: [ModelFunctionCall] = []
        for number in 0..<Int.random(in: 0...6, using: &generator) {
            let call = maker(number, of: keys, batch: batch)
            keys += call.outputKeys
            calls.append(call)
        }
        let inputs = some(2...4, of: keys)
        calls.append(
            ModelFunctionCall(
                name: "train", interfaceType: .trainStep, interface: InterfaceReference("sft"),
                model: ModelName(ModelRole("learner")), inputKeys: inputs,
                inputKeyRemap: [inputs[0]: .packedInputIDs, inputs[1]: .promptMask], sequences: batch))
        return evened(calls, batch: batch).shuffled(using: &generator)
    }

    private mutating func maker(_ number: Int, of keys: [SequenceKey], batch: Int) -> ModelFunctionCall {
        let inputs = some(1...3, of: keys), generates = Bool.random(using: &generator)
        let outputs = [SequenceKey("k\(number)a"), SequenceKey("k\(number)b")]
        return ModelFunctionCall(
            name: "call\(number)", interfaceType: generates ? .generate : .inference,
            interface: InterfaceReference("grpo_actor"), model: ModelName(ModelRole("role\(number)")),
            inputKeys: inputs, outputKeys: generates ? outputs : [outputs[0]],
            inputKeyRemap: [inputs[0]: generates ? .packedPrompts : .packedInputIDs],
            outputKeyRemap: generates
                ? [.packedInputIDs: outputs[0], .promptMask: outputs[1]] : [.packedLogProbabilities: outputs[0]],
            sequences: batch)
    }

    /// Calls on which others depend may take a part of the batch at a time.
    private mutating func evened(_ calls: [ModelFunctionCall], batch: Int) -> [ModelFunctionCall] {
        let read = Set(calls.flatMap(\.inputKeys)), divisors = (1...batch).filter { batch.isMultiple(of: $0) }
        var calls = calls
        for index in calls.indices where !read.isDisjoint(with: calls[index].outputKeys) {
            calls[index].sequences = divisors.randomElement(using: &generator) ?? batch
        }
        return calls
    }

    private mutating func some(_ count: ClosedRange<Int>, of keys: [SequenceKey]) -> [SequenceKey] {
        Array(keys.shuffled(using: &generator).prefix(Int.random(in: count, using: &generator)))
    }
}
