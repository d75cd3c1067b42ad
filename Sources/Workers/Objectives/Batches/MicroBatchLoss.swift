/// What an objective makes of one micro-batch.
///
/// Elements are what the objective takes: predicted tokens, sequences, or pairs; laid end to end.
package struct MicroBatchLoss: Sendable, Equatable {
    /// The loss of this micro-batch alone: a mean, unless the objective says otherwise.
    package let loss: Double
    /// How many elements the mean is over: the weight in `MicroBatchReduction`.
    package let weight: Double
    /// One for each element, 0 where the mask is off; always finite.
    ///
    /// At a language-model head −dL/dlog p, because the loss followed there is Σ coefficient · (−log p). At a value
    /// head dL/dvalue.
    package let coefficients: [Float]
    package var statistics = ObjectiveStatistics()

    /// The coefficients as they enter the update, multiplied with the micro-batch's factor.
    package func coefficients(factor: Double) -> [Float] { coefficients.map { Float(Double($0) * factor) } }

    /// The same micro-batch, measured but not followed: loss and coefficients are 0, weight and statistics stay.
    package func stopped() -> MicroBatchLoss {
        MicroBatchLoss(loss: 0, weight: weight, coefficients: coefficients.map { _ in 0 }, statistics: statistics)
    }
}

/// The elements of a micro-batch that count, with every input checked where it counts.
///
/// Elements outside the mask are never read: whatever stands there changes nothing.
struct CountedElements {
    /// One element's share of the sum that a mean divides.
    struct Term {
        let loss: Double
        /// In the sense of `MicroBatchLoss.coefficients`, before the division.
        let coefficient: Double
    }

    private let mask: [Bool]
    private let objective: String

    /// - Throws: `WorkerError` where a column is not as long as the mask, or has NaN or infinity where the mask is on.
    init(_ mask: [Bool], of objective: String, _ columns: KeyValuePairs<String, [Float]>) throws(WorkerError) {
        for (name, values) in columns {
            guard values.count == mask.count else {
                throw WorkerError(
                    .request, "\(objective) has \(values.count) of '\(name)' for \(mask.count) elements of its mask")
            }
            for index in mask.indices where mask[index] && !values[index].isFinite {
                throw WorkerError(
                    .request, "\(objective) got \(values[index]) as '\(name)' of element \(index) of a micro-batch",
                    hint: "lower the learning rate; the checkpoint before this step is whole")
            }
        }
        self.mask = mask
        self.objective = objective
    }

    /// The elements that count.
    var indices: some Sequence<Int> { mask.indices.lazy.filter { mask[$0] } }

    /// Σ term / max(1, number of elements that count), which is also the weight.
    /// - Throws: `WorkerError` where a term or a coefficient is too large for a number.
    func mean(_ term: (Int) -> Term) throws(WorkerError) -> MicroBatchLoss {
        let count = Double(mask.count(where: \.self))
        return try sum(scale: 1 / max(1, count), weight: count, term)
    }

    /// scale · Σ term.
    /// - Throws: as `mean`.
    func sum(scale: Double = 1, weight: Double, _ term: (Int) -> Term) throws(WorkerError) -> MicroBatchLoss {
        var total = 0.0
        var coefficients = [Float](repeating: 0, count: mask.count)
        for index in indices {
            let term = term(index)
            coefficients[index] = Float(term.coefficient * scale)
            total += term.loss
            guard total.isFinite, coefficients[index].isFinite else {
                throw WorkerError(
                    .request,
                    "\(objective) is too large for a number at element \(index) of a micro-batch: "
                        + "loss \(term.loss), slope \(term.coefficient)",
                    hint: "the model has moved too far from what made the data: take fewer or smaller updates")
            }
        }
        return MicroBatchLoss(loss: total * scale, weight: weight, coefficients: coefficients)
    }
}
