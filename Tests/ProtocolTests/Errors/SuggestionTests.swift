import Protocol
import Testing

@Suite struct SuggestionTests {
    @Test func `a slip of the hand is recognised`() {
        #expect(Suggestion.closest(to: "pppo", among: ["sft", "ppo", "grpo"]) == "ppo")
        #expect(Suggestion.closest(to: "grpo-artih", among: ["sft-arith", "grpo-arith"]) == "grpo-arith")
        #expect(Suggestion.phrase(for: "lrr", among: ["lr"]) == " Did you mean 'lr'?")
    }

    @Test func `something quite different gets no suggestion`() {
        #expect(Suggestion.closest(to: "kubernetes", among: ["sft", "ppo"]) == nil)
        #expect(Suggestion.phrase(for: "x", among: []) == "")
    }

    @Test func `an error reports summary, detail and hint on lines of their own`() {
        struct Failure: UserFacingError {
            let summary = "it failed"
            let detail = "because"
            let hint: String? = "try again"
        }
        #expect(Failure().report == "it failed\nbecause\nhint: try again")
        #expect(describe(Failure()) == Failure().report)
    }
}
