import Glibc

/// Rotary position embedding (Su et al., 2021) and how its frequencies are stretched for longer contexts.
package struct RotaryPosition: Sendable, Equatable {
    /// Names and formulas as in Hugging Face's `rope_parameters`.
    package enum Scaling: Sendable, Equatable {
        case none
        /// Positions divided by `factor`.
        case linear(factor: Double)
        /// The base grows with sequences longer than the original context ("NTK-aware").
        case dynamic(factor: Double, originalContext: Int)
        /// Llama 3.1: long wavelengths divided by `factor`, short ones kept, a ramp between.
        case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContext: Int)
        case yarn(YaRN)
    }

    /// Peng et al., 2023, "YaRN".
    package struct YaRN: Sendable, Equatable {
        package var factor: Double
        package var originalContext: Int
        package var betaFast: Double
        package var betaSlow: Double
        /// Multiplies cosines and sines; nil derives it from `factor`.
        package var attentionFactor: Double?
        /// Whether the ramp's ends are rounded to whole dimensions.
        package var truncates: Bool

        package init(
            factor: Double, originalContext: Int, betaFast: Double = 32, betaSlow: Double = 1,
            attentionFactor: Double? = nil, truncates: Bool = true
        ) {
            self.factor = factor
            self.originalContext = originalContext
            self.betaFast = betaFast
            self.betaSlow = betaSlow
            self.attentionFactor = attentionFactor
            self.truncates = truncates
        }
    }

    package var base: Double
    package var scaling: Scaling

    package init(base: Double, scaling: Scaling = .none) {
        self.base = base
        self.scaling = scaling
    }

    /// Why these numbers cannot be used, or nil.
    var fault: String? {
        if !(base > 1 && base.isFinite) { return "The rotary base is \(base) and must be above 1." }
        let (factor, context): (Double, Int) =
            switch scaling {
            case .none: (1, 1)
            case .linear(let factor): (factor, 1)
            case .dynamic(let factor, let context): (factor, context)
            case .llama3(let factor, _, _, let context): (factor, context)
            case .yarn(let yarn): (yarn.factor, yarn.originalContext)
            }
        if !(factor >= 1 && factor.isFinite) { return "The rotary scaling factor is \(factor) and must be at least 1." }
        if context < 1 { return "The rotary scaling's original context is \(context) and must be at least 1." }
        if case .llama3(_, let low, let high, _) = scaling, !(low > 0 && high > low && high.isFinite) {
            return "The rotary scaling needs 0 < low_freq_factor < high_freq_factor, not \(low) and \(high)."
        }
        if case .yarn(let yarn) = scaling {
            if !(yarn.betaSlow > 0 && yarn.betaFast > yarn.betaSlow && yarn.betaFast.isFinite) {
                return "The rotary scaling needs 0 < beta_slow < beta_fast, not \(yarn.betaSlow) and \(yarn.betaFast)."
            }
            if let factor = yarn.attentionFactor, !(factor > 0 && factor.isFinite) {
                return "The rotary scaling's attention factor is \(factor) and must be above 0."
            }
        }
        return nil
    }

    /// Sequences longer than this turn by frequencies of their own length; nil where the length does not matter.
    var lengthThatMatters: Int? {
        if case .dynamic(_, let originalContext) = scaling { return originalContext }
        return nil
    }

    /// Turns a step of position, in radians, for each pair of a head; and what cosines and sines are multiplied with.
    func frequencies(headWidth: Int, length: Int) -> (angles: [Double], amplitude: Double) {
        switch scaling {
        case .none: return (plain(headWidth, base: base), 1)
        case .linear(let factor): return (plain(headWidth, base: base).map { $0 / factor }, 1)
        case .dynamic(let factor, let originalContext):
            guard length > originalContext, headWidth > 2 else { return (plain(headWidth, base: base), 1) }
            let stretch = factor * Double(length) / Double(originalContext) - (factor - 1)
            let width = Double(headWidth)
            return (plain(headWidth, base: base * pow(stretch, width / (width - 2))), 1)
        case .llama3(let factor, let low, let high, let originalContext):
            let context = Double(originalContext)
            return (
                plain(headWidth, base: base).map { angle in
                    let turns = context * angle / (2 * .pi)
                    if turns < low { return angle / factor }
                    if turns > high { return angle }
                    let smooth = (turns - low) / (high - low)
                    return (1 - smooth) * angle / factor + smooth * angle
                }, 1
            )
        case .yarn(let yarn): return (yarnAngles(yarn, headWidth), yarn.attentionFactor ?? Self.amplitude(yarn.factor))
        }
    }

    private func plain(_ headWidth: Int, base: Double) -> [Double] {
        (0..<headWidth / 2).map { pow(base, -Double(2 * $0) / Double(headWidth)) }
    }

    private func yarnAngles(_ yarn: YaRN, _ headWidth: Int) -> [Double] {
        let width = Double(headWidth)
        func dimension(ofTurns turns: Double) -> Double {
            width * log(Double(yarn.originalContext) / (turns * 2 * .pi)) / (2 * log(base))
        }
        var low = dimension(ofTurns: yarn.betaFast), high = dimension(ofTurns: yarn.betaSlow)
        if yarn.truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
        (low, high) = (max(low, 0), min(high, width - 1))
        // A ramp of no length would divide by zero.
        if low == high { high += 0.001 }
        return plain(headWidth, base: base).enumerated().map { pair, angle in
            let ramp = min(max((Double(pair) - low) / (high - low), 0), 1)
            return angle / yarn.factor * ramp + angle * (1 - ramp)
        }
    }

    /// What cosines and sines are multiplied with when positions are stretched by `factor`.
    static func amplitude(_ factor: Double, scale: Double = 1) -> Double {
        factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1
    }
}
