/// When a micro-batch is too far from the policy that sampled it to be learnt from: its loss is then multiplied by 0.
package struct EarlyStop: Sendable, Equatable {
    /// Stops above this mean importance ratio (`early_stop_imp_ratio`); nil never.
    package let importanceRatio: Double?
    /// Stops above this mean of new − d (`early_stop_kl`); nil never.
    package let divergence: Double?

    package init(importanceRatio: Double? = nil, divergence: Double? = nil) {
        self.importanceRatio = importanceRatio
        self.divergence = divergence
    }

    package static let never = EarlyStop()

    package func stops(meanRatio: Double, meanDivergence: Double) -> Bool {
        importanceRatio.map { meanRatio > $0 } ?? false || divergence.map { meanDivergence > $0 } ?? false
    }
}
