/// How an answer in text is scored against the expected one.
package struct AnswerRule: Sendable, Equatable {
    package let correct: Float
    /// A wrong answer earns this times its share of characters in the right place.
    package let partialCredit: Float

    package init(correct: Float = 1, partialCredit: Float = 0) {
        self.correct = correct
        self.partialCredit = partialCredit
    }

    /// The reward of `answer`; an unfinished one is never correct.
    package func reward(_ answer: String, expected: String, isFinished: Bool) -> Float {
        if isFinished, Self.matches(answer, expected: expected) { return correct }
        guard partialCredit > 0 else { return 0 }
        return partialCredit * Self.shareInPlace(answer, expected: expected)
    }

    /// Equal but for white space around them.
    package static func matches(_ answer: String, expected: String) -> Bool { trimmed(answer) == trimmed(expected) }

    /// Characters that stand where the expected answer has them, over the longer of the two lengths.
    package static func shareInPlace(_ answer: String, expected: String) -> Float {
        let answer = trimmed(answer), expected = trimmed(expected)
        let longest = max(answer.count, expected.count)
        guard longest > 0 else { return 1 }
        let right = zip(answer, expected).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
        return Float(right) / Float(longest)
    }

    private static func trimmed(_ text: String) -> Substring {
        var rest = text[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return rest
    }
}
