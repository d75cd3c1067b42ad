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
        #expect(calls == ["sft_train", "actor_gen", "ref_inf", "rew_inf", "actor_train"])
        let transfers = Set(run.spans.filter { $0.phase == "pre-data_transfer" }.map(\.mfc))
        #expect(transfers == ["ref_inf", "rew_inf", "actor_train"])
        #expect(run.buffers.last?.size == 8)
    }

    @Test func `two runs with one seed give equal statistics`() throws {
        let second = TemporaryFolder()
        let one = try TrialRun.complete(plan(), in: folder), other = try TrialRun.complete(plan(), in: second)
        #expect(one.metrics == other.metrics)
        #expect(one.metrics.count == 6)
    }

    @Test func `confirming every request changes nothing but the messages`() throws {
        let second = TemporaryFolder()
        let one = try TrialRun.complete(plan(), in: folder)
        let other = try TrialRun.complete(plan(), in: second, handshake: .synAck)
        #expect(other.outcome == .completed)
        #expect(one.metrics == other.metrics)
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
        #expect(run.logs.contains { $0.contains("1 broken rows left out") })
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
}
