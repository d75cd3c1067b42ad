import TestSupport
import Testing

@testable import Protocol

@Suite struct EditDistanceTests {
    /// The definition, letter by letter, slow as it is.
    private func naive(_ a: ArraySlice<Character>, _ b: ArraySlice<Character>) -> Int {
        guard let x = a.last, let y = b.last else { return max(a.count, b.count) }
        let (restA, restB) = (a.dropLast(), b.dropLast())
        var best = min(naive(restA, b) + 1, naive(a, restB) + 1, naive(restA, restB) + (x == y ? 0 : 1))
        if restA.last == y, restB.last == x { best = min(best, naive(restA.dropLast(), restB.dropLast()) + 1) }
        return best
    }

    private func word(_ longest: Int, using random: inout SplitMix) -> String {
        String(
            (0..<Int.random(in: 0...longest, using: &random)).map { _ in "abc".randomElement(using: &random) ?? "a" })
    }

    @Test(arguments: UInt64(1)...10)
    func `the distance is what its definition says`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        for _ in 0..<20 {
            let (a, b) = (word(5, using: &random), word(5, using: &random))
            #expect(Suggestion.editDistance(a, b) == naive(Array(a)[...], Array(b)[...]), "'\(a)' and '\(b)'")
        }
    }

    @Test func `it is zero for equal words only, the same both ways, and never above the longer word`() {
        var random = SplitMix(seed: 99)
        for _ in 0..<300 {
            let (a, b) = (word(8, using: &random), word(8, using: &random))
            let distance = Suggestion.editDistance(a, b)
            #expect(distance == Suggestion.editDistance(b, a))
            #expect((distance == 0) == (a == b))
            #expect(distance <= max(a.count, b.count) && distance >= abs(a.count - b.count))
        }
    }

    @Test(arguments: [
        ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("ab", "ba", 1), ("abcd", "acbd", 1), ("abc", "abd", 1),
        ("kitten", "sitting", 3), ("训练", "训", 1), ("e\u{301}", "é", 0), ("lr", "learning_rate", 11),
    ])
    func `known pairs`(a: String, b: String, distance: Int) {
        #expect(Suggestion.editDistance(a, b) == distance)
    }

    @Test(
        arguments: [
            ("PPO", ["ppo"], "ppo"), ("trian.lr", ["train.lr", "train.steps"], "train.lr"),
            ("ppo", ["ppo", "pppo"], "pppo"), ("learning_rat", ["learning_rate"], "learning_rate"),
            ("gpro-arith", ["sft-arith", "grpo-arith"], "grpo-arith"), ("ab", ["ax"], "ax"),
            // Nothing in common is no slip, however short the words are.
            ("x", ["lr"], nil), ("ab", ["cd"], nil), ("", ["lr"], nil), ("", [""], nil),
            ("x", [], nil), ("abcdefgh", ["ijklmnop"], nil), ("lr", ["learning_rate"], nil),
        ] as [(String, [String], String?)])
    func `a slip is recognised and a foreign word is not`(word: String, candidates: [String], closest: String?) {
        #expect(Suggestion.closest(to: word, among: candidates) == closest)
    }

    @Test func `of two equally close words the first listed is offered`() {
        #expect(Suggestion.phrase(for: "bat", among: ["cat", "hat"]) == " Did you mean 'cat'?")
        #expect(Suggestion.phrase(for: "bat", among: ["hat", "cat"]) == " Did you mean 'hat'?")
    }

    @Test func `one wrong letter anywhere in a long word still finds it`() {
        let word = "checkpoint_every_steps"
        for index in word.indices {
            var typo = word
            typo.replaceSubrange(index...index, with: "#")
            #expect(Suggestion.closest(to: typo, among: ["steps", word, "seed"]) == word)
        }
    }
}
