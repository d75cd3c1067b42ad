import Glibc

/// The supervised loss: mean −log p of the answer's tokens, end-of-sequence included.
package enum SupervisedLoss {
    /// One weight for each predicted token (all but the first): 1 in the answer, 0 in the prompt.
    package static func answerWeights(promptMask: [UInt8]) -> [Float] {
        promptMask.dropFirst().map { $0 == 0 ? 1 : 0 }
    }

    /// Σ weight · (−log p), summed in double precision.
    package static func sum(of logProbabilities: some Sequence<Float>, weights: [Float]) -> Double {
        zip(logProbabilities, weights).reduce(0) { $0 - Double($1.0) * Double($1.1) }
    }
}

/// exp of a mean loss; infinite where that overflows.
package func perplexity(ofMeanLoss loss: Double) -> Double { exp(loss) }
