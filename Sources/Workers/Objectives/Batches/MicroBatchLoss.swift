/// What an objective makes of one micro-batch.
///
/// Elements are what the objective takes: predicted tokens, scores or sequences, laid end to end.
package struct MicroBatchLoss: Sendable, Equatable {
    /// The loss of this micro-batch alone: a mean, unless the objective says otherwise.
    package let loss: Double
    /// How many elements the mean is over: the weight of this micro-batch in `GradientAccumulation`.
    package let weight: Double
    /// One for each element, 0 where the mask is off.
    ///
    /// At a language-model head −dL/dlog p, because the loss followed there is Σ coefficient · (−log p). At a value
    /// head dL/dvalue.
    package let coefficients: [Float]
    package var statistics = ObjectiveStatistics()
    /// What the model said that is no number, or led to one that is too large; nil where all is well.
    ///
    /// The loss and the coefficients of such elements are NaN, so that the update is not applied: whether training
    /// goes on is the policy of who trains.
    package var notFinite: String?

    package init(
        loss: Double, weight: Double, coefficients: [Float], statistics: ObjectiveStatistics = .init(),
        notFinite: String? = nil
    ) {
        self.loss = loss
        self.weight = weight
        self.coefficients = coefficients
        self.statistics = statistics
        self.notFinite = notFinite
    }

    /// The same micro-batch, measured but not followed: loss and coefficients are 0, all else stays.
    package func stopped() -> MicroBatchLoss {
        MicroBatchLoss(
            loss: 0, weight: weight, coefficients: coefficients.map { _ in 0 }, statistics: statistics,
            notFinite: notFinite)
    }
}

/// The elements of a micro-batch that count.
///
/// Elements outside the mask are never read: whatever stands there changes nothing.
struct CountedElements {
    /// One element's share of the sum.
    struct Term {
        let loss: Double
        /// In the sense of `MicroBatchLoss.coefficients`.
        let coefficient: Double
    }

    private let mask: [Bool]
    private let objective: String
    private let outputs: [Float]

    /// `outputs` is what the model says now, `data` what was known before it did.
    /// - Throws: `WorkerError` where one is not as long as the mask, or data has NaN or infinity where the mask is on.
    init(
        _ mask: [Bool], of objective: String, outputs: [Float], data: KeyValuePairs<String, [Float]> = [:]
    ) throws(WorkerError) {
        guard outputs.count == mask.count else {
            throw WorkerError(
                .request, "\(objective) has \(outputs.count) outputs for \(mask.count) elements of its mask")
        }
        for (name, values) in data {
            guard values.count == mask.count else {
                throw WorkerError(
                    .request, "\(objective) has \(values.count) of '\(name)' for \(mask.count) elements of its mask")
            }
            for index in mask.indices where mask[index] && !values[index].isFinite {
                throw WorkerError(
                    .request, "\(objective) got \(values[index]) as '\(name)' of element \(index) of a micro-batch")
            }
        }
        self.mask = mask
        self.objective = objective
        self.outputs = outputs
    }

    /// Σ term / max(1, number of elements that count); that number is the weight.
    func mean(_ term: (Int) -> Term) -> MicroBatchLoss {
        let count = Double(mask.count(where: \.self))
        return sum(scale: 1 / max(1, count), weight: count, term)
    }

    /// scale · Σ term. `term` is not asked about elements whose output is not finite.
    func sum(scale: Double = 1, weight: Double, _ term: (Int) -> Term) -> MicroBatchLoss {
        var total = 0.0, notFinite: String?
        var coefficients = [Float](repeating: 0, count: mask.count)
        for index in mask.indices where mask[index] {
            let output = outputs[index]
            let term = output.isFinite ? term(index) : Term(loss: .nan, coefficient: .nan)
            total += term.loss
            coefficients[index] = Float(term.coefficient * scale)
            guard !(total.isFinite && coefficients[index].isFinite) else { continue }
            coefficients[index] = .nan
            notFinite =
                notFinite ?? "\(objective) of element \(index) of a micro-batch is \(term.loss) with the "
                + "slope \(term.coefficient), the model's output being \(output)"
        }
        return MicroBatchLoss(
            loss: total.isFinite ? total * scale : .nan, weight: weight, coefficients: coefficients,
            notFinite: notFinite)
    }
}
