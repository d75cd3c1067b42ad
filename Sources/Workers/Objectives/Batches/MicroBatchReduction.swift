/// How the losses of micro-batches become the loss of one optimizer update.
///
/// Every loss gives a mean over its own micro-batch. The coefficients of a micro-batch are multiplied with its factor,
/// so the gradients that add up over micro-batches are those of the update's loss.
package enum MicroBatchReduction: String, Sendable, Equatable, CaseIterable {
    /// Σ loss · weight / Σ weight: what one pass over the whole batch gives. The weight is the number of tokens (or
    /// pairs) that a micro-batch counts.
    case tokenWeighted = "token_weighted"
    /// Σ loss / k over the k micro-batches that have a weight: each counts alike, however many tokens it has.
    case meanOfMeans = "mean_of_means"

    /// One factor for each micro-batch. They sum to 1.
    /// - Throws: `WorkerError` where no micro-batch counts anything, or a weight is negative or not a number.
    package func factors(weights: [Double]) throws(WorkerError) -> [Double] {
        if let odd = weights.first(where: { !$0.isFinite || $0 < 0 }) {
            throw WorkerError(.request, "a micro-batch has the loss weight \(odd)")
        }
        let total = weights.reduce(0, +)
        guard total > 0 else {
            throw WorkerError(
                .request, "the \(weights.count) micro-batches of an update have no token that the loss counts",
                hint: "look at the prompt masks, and at how many answers are cut off")
        }
        return switch self {
        case .tokenWeighted: weights.map { $0 / total }
        case .meanOfMeans: weights.map { $0 > 0 ? 1 / Double(weights.count { $0 > 0 }) : 0 }
        }
    }
}
