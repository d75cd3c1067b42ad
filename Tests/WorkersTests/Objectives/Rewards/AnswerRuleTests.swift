import Foundation
import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct AnswerRuleTests {
    @Test func `the right answer earns the reward, a wrong one nothing`() {
        let rule = AnswerRule()
        #expect(rule.reward("42", expected: "42", isFinished: true) == 1)
        #expect(rule.reward("43", expected: "42", isFinished: true) == 0)
    }

    @Test func `white space around an answer does not matter`() {
        #expect(AnswerRule().reward(" 42 ", expected: "42", isFinished: true) == 1)
    }

    @Test func `an unfinished answer is not right yet`() {
        #expect(AnswerRule().reward("42", expected: "42", isFinished: false) == 0)
    }

    @Test func `partial credit follows the share of characters in place`() {
        let rule = AnswerRule(correct: 1, partialCredit: 0.5)
        #expect(rule.reward("143", expected: "142", isFinished: true) == 0.5 * 2 / 3)
        #expect(rule.reward("1429", expected: "142", isFinished: true) == 0.375)
        #expect(rule.reward("", expected: "142", isFinished: true) == 0)
    }
}

@Suite struct `The rule for answers` {
    @Test(
        arguments: [
            ("42", "42", true, Float(1)), ("42", "42", false, 0.5), (" 42\n", "42", true, 1), ("42", "\t42", true, 1),
            ("4 2", "42", true, 0.5 / 3), ("", "42", true, 0), ("", "", true, 1), ("", "", false, 0.5),
            ("24", "42", true, 0), ("420", "42", true, 1.0 / 3), ("é", "e", true, 0), ("e\u{301}", "é", true, 1),
            ("👩‍👩‍👧", "👩‍👩‍👧", true, 1), ("x42", "42", true, 0),
        ] as [(String, String, Bool, Float)])
    func `earns by what is in its place`(answer: String, expected: String, isFinished: Bool, reward: Float) {
        let rule = AnswerRule(correct: 1, partialCredit: 0.5)
        #expect(abs(rule.reward(answer, expected: expected, isFinished: isFinished) - reward) < 1e-6)
    }

    @Test(arguments: UInt64(1)...40) func `never gives a wrong answer more than the partial credit`(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        func word() -> String {
            String(
                (0..<Int.random(in: 0...6, using: &generator)).compactMap { _ in "01 ".randomElement(using: &generator)
                })
        }
        for _ in 0..<50 {
            let answer = word(), expected = word()
            let share = AnswerRule.shareInPlace(answer, expected: expected)
            #expect((0...1).contains(share))
            #expect((share == 1) == AnswerRule.matches(answer, expected: expected))
            #expect(share == AnswerRule.shareInPlace(expected, expected: answer))
            let rule = AnswerRule(correct: 2, partialCredit: 0.25)
            let reward = rule.reward(answer, expected: expected, isFinished: true)
            #expect(reward == 2 || reward < 0.25)
        }
    }
}
