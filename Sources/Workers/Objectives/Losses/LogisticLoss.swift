import Glibc

/// −log σ(z), the loss of a preference whose margin is z; neither overflows nor loses digits at any z.
enum LogisticLoss {
    static func value(_ margin: Double) -> Double { log1p(exp(-abs(margin))) - min(margin, 0) }

    /// Its derivative, −σ(−z).
    static func slope(_ margin: Double) -> Double {
        let small = exp(-abs(margin))
        return margin >= 0 ? -small / (1 + small) : -1 / (1 + small)
    }
}
