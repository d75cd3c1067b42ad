/// Which predicted tokens a loss counts.
///
/// A sequence of n tokens has n − 1 predicted ones; entry t of a mask stands for token t + 1, which position t
/// predicts. Masks of a micro-batch are laid end to end, as log-probabilities are.
package enum LossMask {
    /// The answer of one sequence, end-of-sequence included, from its prompt mask (1 a prompt token, n entries).
    package static func answer(promptMask: [UInt8]) -> [Bool] { promptMask.dropFirst().map { $0 == 0 } }
}

/// What becomes of the tokens of an answer that was cut off before its end-of-sequence.
package enum UnfinishedAnswer: Sendable, Equatable {
    /// They train as any other.
    case trains
    /// None of them counts (`mask_too_long`).
    case isMasked
}

extension LossMask {
    /// The answer of one sequence, or nothing of it where it is unfinished and such answers are masked.
    package static func answer(promptMask: [UInt8], isUnfinished: Bool, _ rule: UnfinishedAnswer) -> [Bool] {
        switch rule {
        case .isMasked where isUnfinished: Array(repeating: false, count: max(0, promptMask.count - 1))
        case .isMasked, .trains: answer(promptMask: promptMask)
        }
    }
}
