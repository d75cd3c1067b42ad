import Protocol
import Testing

@testable import Workers

@Suite("The master's log")
struct StoryTests {
    @Test func `sums up a step in the numbers that matter`() {
        let metrics = [
            Metric("grpo_actor/lr", 1e-4), Metric(.reward, 0.7134), Metric(.referenceDivergence, 0.00412),
            Metric(.stepSeconds, 2.6),
        ]
        #expect(
            Story.step(120, of: 460, setup: "grpo", metrics)
                == "step 120/460 (grpo): reward 0.7134, kl_ref 0.00412, 2.6 s")
        #expect(Story.step(3, of: 4, setup: "sft", []) == "step 3/4 (sft)")
    }

    @Test func `tells evaluations and saves`() {
        #expect(Story.evaluation([Metric(.accuracy, 0.684)], step: 40) == "evaluated after step 40: accuracy 0.684")
        let saved = SavedCheckpoint(role: .actor, step: 40, path: "/c/actor/step-40", bytes: 3_500_000)
        #expect(Story.save(saved) == "saved actor after step 40 (3.3 MiB)")
    }

    @Test func `tells a model's sizes`() {
        let shape = ModelShape(
            family: "gpt2", vocabularySize: 14, contextLength: 64, width: 128, layers: 4, heads: 8, keyValueHeads: 2,
            headWidth: 16, mlpWidth: 512)
        #expect(
            Story.shape(shape)
                == "family gpt2, layers 4, width 128, heads 8, key_value_heads 2, head_width 16, mlp_width 512, "
                + "context 64, vocabulary 14")
        #expect(Story.shape(nil) == "has no weights")
    }
}
