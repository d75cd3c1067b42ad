import Compute
import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct TrainingTests {
    private let folder: TemporaryFolder
    private let train: String
    private let heldOut: String

    init() {
        folder = TemporaryFolder()
        train = folder.file("train.jsonl", lines: TinyTrial.rows)
        heldOut = folder.file("held.jsonl", lines: Array(TinyTrial.rows.prefix(3)))
    }

    private func plan(checkpointEverySteps: Int = 100) -> TrialPlan {
        TinyTrial.plan(train: train, heldOut: heldOut, checkpointEverySteps: checkpointEverySteps)
    }

    @Test func `a trial goes through supervised and policy steps on one step axis`() throws {
        let run = try TrialRun.complete(plan(), in: folder)
        #expect(run.failure == nil)
        #expect(run.outcome == .completed)
        for step in UInt64(1)...3 { #expect(run.metrics[step]?["sft/loss"] != nil) }
        for step in UInt64(4)...5 {
            #expect(run.metrics[step]?["sft/loss"] == nil)
            #expect(run.metrics[step]?["grpo_actor/reward"] != nil)
            #expect(run.metrics[step]?["grpo_actor/n_seqs"] == 12)
        }
        #expect((run.metrics[3]?["sft/loss"] ?? 9) < (run.metrics[1]?["sft/loss"] ?? 0))
        // The policy's first update follows the very log-probabilities it sampled with.
        #expect(abs((run.metrics[4]?["grpo_actor/importance_weight"] ?? 0) - 1) < 0.2)
    }

    @Test func `evaluation begins before the first step and is repeated as planned`() throws {
        let run = try TrialRun.complete(plan(), in: folder)
        let evaluated = run.metrics.filter { $0.value["eval/accuracy"] != nil }.keys.sorted()
        // At the start, every 2 steps and at each setup's end; step 3 serves as the start of the policy setup.
        #expect(evaluated == [0, 2, 3, 5])
    }

    @Test func `tensors cross to the worker that scores them and come back as keys`() throws {
        let run = try TrialRun.complete(plan(), in: folder)
        let calls = Set(run.spans.filter { $0.phase == "main" && !$0.mfc.isEmpty }.map(\.mfc))
        #expect(calls == ["sft_train", "actor_eval", "actor_gen", "ref_inf", "rew_inf", "actor_train"])
        let transfers = Set(run.spans.filter { $0.phase == "pre-data_transfer" }.map(\.mfc))
        #expect(transfers == ["ref_inf", "rew_inf", "actor_train"])
        #expect(run.buffers.last?.size == 8)
        // Three steps of supervised training, then two of two updates each.
        #expect(run.spans.filter { $0.mfc == "actor_train" }.map(\.weightVersion).max() == 7)
    }

    @Test func `two runs with one seed give equal statistics`() throws {
        let second = TemporaryFolder()
        let one = try TrialRun.complete(plan(), in: folder), other = try TrialRun.complete(plan(), in: second)
        #expect(one.metrics == other.metrics)
        #expect(one.metrics.count == 6)
    }

    @Test(arguments: [2, 3, 4]) func `stopping and resuming gives the same numbers as one run`(step: Int) throws {
        let whole = try TrialRun.complete(plan(checkpointEverySteps: 1), in: folder)
        // The recovery checkpoint of step 2 is gone by the end of the whole run, so the first part runs by itself.
        let second = TemporaryFolder()
        var first = plan(checkpointEverySteps: 1)
        first.setups[0].steps = min(step, 3)
        if step > 3 { first.setups[1].steps = step - 3 } else { first.setups.removeLast() }
        let begun = try TrialRun.complete(first, in: second)
        #expect(begun.checkpoints.map(\.step).last == UInt64(step))
        let resumed = try TrialRun.complete(plan(checkpointEverySteps: 1), in: second, attempt: 2, resumeStep: step)
        #expect(resumed.failure == nil)
        for number in UInt64(step + 1)...5 { #expect(resumed.metrics[number] == whole.metrics[number]) }
        #expect(resumed.metrics.keys.allSatisfy { $0 > step || step == 3 })
    }

    @Test func `a broken row is reported with its line and left out`() throws {
        let broken = folder.file("broken.jsonl", lines: TinyTrial.rows + [#"{"prompt": "1+1=", "anwser": "2"}"#])
        let run = try TrialRun.complete(
            TinyTrial.plan(train: broken, heldOut: heldOut, supervisedSteps: 1, policySteps: 0), in: folder)
        #expect(run.outcome == .completed)
        #expect(run.logs.contains { $0.contains("broken.jsonl:9: the row has no 'answer'. Did you mean 'anwser'?") })
        #expect(run.logs.contains { $0.contains("1 row left out") })
    }

    @Test func `a row of too many tokens is left out as the file is read, held-out ones too, and no step meets it`()
        throws
    {
        let long = #"{"prompt": "11111111111+1=", "answer": "2"}"#
        let run = try TrialRun.complete(
            TinyTrial.plan(
                train: folder.file("long.jsonl", lines: TinyTrial.rows + [long]),
                heldOut: folder.file("heldlong.jsonl", lines: [long.replacing("11+", with: "1111+")] + TinyTrial.rows),
                supervisedSteps: 3, policySteps: 3), in: folder)
        #expect(run.outcome == .completed)
        // It fits where it is trained on, and leaves no room for an answer where one is sampled.
        #expect(
            run.logs.contains {
                $0.contains(
                    "long.jsonl:9: the row has 14 tokens, the limit is 13 (the model's context of 16 less 3 for an")
            })
        #expect(run.logs.contains { $0.contains("heldlong.jsonl:1: the row has 18 tokens, the limit is 16") })
        #expect(run.metrics[0]?["data/rows_left_out"] == 1)
        #expect(run.metrics[3]?["data/rows_left_out"] == 2)
    }

    @Test func `a broken row ends the trial where the plan says so`() throws {
        let broken = folder.file("broken.jsonl", lines: TinyTrial.rows + ["{"])
        let run = try TrialRun.complete(
            TinyTrial.plan(train: broken, heldOut: heldOut, supervisedSteps: 1, policySteps: 0, badRow: .fail),
            in: folder)
        #expect(run.outcome == nil)
        #expect(run.failure?.hasPrefix("model_worker/0 failed in spec: ") == true)
        #expect(run.failure?.contains("broken.jsonl:9") == true)
    }

    @Test func `a trial told to leave before it begins stops without a step`() throws {
        let run = try TrialRun.complete(plan(), in: folder, orders: [.exit])
        #expect(run.outcome == .stopped)
        #expect(run.metrics.isEmpty)
    }

    /// The tiny trial with dropout and another optimizer for everything that trains.
    private func plan(
        _ optimizer: GivenArguments, dropout: Double = 0, checkpointEverySteps: Int = 100
    ) -> TrialPlan {
        var plan = plan(checkpointEverySteps: checkpointEverySteps)
        for setup in plan.setups.indices {
            for model in plan.setups[setup].models.indices {
                if plan.setups[setup].models[model].optimizer != nil {
                    plan.setups[setup].models[model].optimizer = optimizer
                }
                guard case .transformer(var shape) = plan.setups[setup].models[model].module,
                    case .sizes(var sizes) = shape.shape
                else { continue }
                sizes.dropout = dropout
                shape.shape = .sizes(sizes)
                plan.setups[setup].models[model].module = .transformer(shape)
            }
        }
        return plan
    }

    @Test(arguments: [2, 3, 4]) func `a trial with adapters, dropout and steps of the rate resumes exactly`(
        step: Int
    ) throws {
        let optimizer =
            [
                "lr": 2e-2, "schedule": "multistep", "milestones": "2", "gamma": 0.5, "lora_rank": 2, "lora_alpha": 8,
                "lora_targets": "c_attn, c_fc",
            ] as GivenArguments
        func plan() -> TrialPlan { self.plan(optimizer, dropout: 0.1, checkpointEverySteps: 1) }
        let whole = try TrialRun.complete(plan(), in: folder)
        #expect(whole.failure == nil)
        #expect(whole.metrics.keys.sorted() == [0, 1, 2, 3, 4, 5])
        let second = TemporaryFolder()
        var first = plan()
        first.setups[0].steps = min(step, 3)
        if step > 3 { first.setups[1].steps = step - 3 } else { first.setups.removeLast() }
        _ = try TrialRun.complete(first, in: second)
        let resumed = try TrialRun.complete(plan(), in: second, attempt: 2, resumeStep: step)
        #expect(resumed.failure == nil)
        for number in UInt64(step + 1)...5 { #expect(resumed.metrics[number] == whole.metrics[number]) }
        // Only the adapter was trained, and its folder lies in every checkpoint.
        let saved = try #require(whole.checkpoints.last { $0.step == 5 }?.path)
        let config = try AdapterFolder(path: "\(folder.path)/\(saved)/adapter").options()
        #expect(config == AdapterOptions(rank: 2, alpha: 8, targets: .named(["c_attn", "c_fc"])))
    }

    @Test func `an adapter is trained from what the setup before has left, and its reference is that`() throws {
        let optimizer = ["lr": 1e-2, "lora_rank": 2, "lora_alpha": 8] as GivenArguments
        let run = try TrialRun.complete(plan(optimizer), in: folder)
        #expect(run.failure == nil)
        // Step 3 has its evaluation from both setups: the merged model is the trained one.
        #expect(run.metrics[3]?["eval/loss"] != run.metrics[0]?["eval/loss"])
        // The first of the two updates of step 4 diverges by rounding only.
        #expect((run.metrics[4]?["grpo_actor/kl_ref"] ?? 1) < 0.05)
    }

    /// A model whose weights are finite, but too large for anything computed with them.
    private func overgrown() throws -> TransformerPlan {
        let tokenizer = CharacterTokenizer(covering: ["0123456789+="])
        let model = try WorkerModel(
            ModelName(.actor),
            spec: .gpt2(vocabularySize: tokenizer.vocabularySize, contextLength: 16, width: 16, layers: 1, heads: 2),
            optimizer: OptimizerOptions(learningRate: 1e30), tokenizer: tokenizer, seed: 1, pool: ThreadPool(threads: 1)
        )
        _ = try model.train([[1, 2, 3]], weights: [2], CallContext(step: 1, seed: 1)) { _, outputs in
            let flat = Array(outputs.logProbabilities.joined())
            return try SupervisedLoss.evaluate(flat, mask: flat.map { _ in true })
        }
        let path = try model.save(to: folder.file("overgrown"), step: 1)
        return TransformerPlan(shape: .folder(path), initialization: .folder(path))
    }

    @Test func `updates that are not finite end the trial, or are told and passed over`() throws {
        var plan = plan(["lr": 1e-2, "non_finite": "skip", "skip_limit": 0])
        plan.setups.removeLast()
        plan.setups[0].evaluation = nil
        plan.setups[0].models[0].module = .transformer(try overgrown())
        let passed = try TrialRun.complete(plan, in: folder)
        #expect(passed.outcome == .completed, "\(passed.failure ?? "")")
        #expect(passed.metrics[1]?["sft/loss"]?.isNaN == true)
        #expect(
            passed.logs.contains {
                $0.hasPrefix("model 'actor': an update of step 2 was left out: its loss is not finite")
            })
        plan.setups[0].models[0].optimizer?["non_finite"] = "stop"
        let stopped = try TrialRun.complete(plan, in: TemporaryFolder())
        #expect(stopped.failure?.contains("the gradients of model 'actor' are not finite at step 1") == true)
        plan.setups[0].models[0].optimizer?.values.merge(["non_finite": "skip", "skip_limit": 2]) { $1 }
        let limited = try TrialRun.complete(plan, in: TemporaryFolder())
        #expect(limited.failure?.contains("are not finite at step 2") == true)
    }

    @Test func `a policy that nothing was trained for before has its own beginning as reference`() throws {
        var plan = plan()
        plan.setups.removeFirst()
        guard case .transformer(var shape) = plan.setups[0].models[0].module else { return }
        shape.initialization = .random
        plan.setups[0].models[0].module = .transformer(shape)
        let run = try TrialRun.complete(plan, in: folder)
        #expect(run.failure == nil)
        // Two updates of a step; before the first the reference is the actor.
        #expect((run.metrics[1]?["grpo_actor/kl_ref"] ?? 1) < 0.05)
    }
}
