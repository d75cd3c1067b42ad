import Foundation
import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct ClippedPolicyLossTests {
    private let loss = ClippedPolicyLoss(clip: 0.2)

    @Test func `the same policy has ratio 1 and the full slope`() {
        let token = loss.token(new: -1, old: -1, advantage: 2)
        #expect(token == .init(loss: -2, slope: -2, ratio: 1, bound: .none))
    }

    @Test(arguments: [(0.4, 1.0, -1.2), (-0.4, -1, 0.8)])
    func `going further in a profitable direction is clipped and has no slope`(
        change: Double, advantage: Double, expected: Double
    ) {
        let token = loss.token(new: -1 + change, old: -1, advantage: advantage)
        #expect(token.bound == .clip)
        #expect(token.slope == 0)
        #expect(abs(token.loss - expected) < 1e-12)
    }

    @Test(arguments: [(0.4, -1.0), (-0.4, 1)])
    func `a harmful change keeps its slope however far it went`(change: Double, advantage: Double) {
        let token = loss.token(new: -1 + change, old: -1, advantage: advantage)
        #expect(token.bound == .none)
        #expect(token.slope == token.loss)
    }

    @Test func `the dual clip bounds what one bad token can cost`() {
        let token = ClippedPolicyLoss(clip: 0.2, dualClip: 3).token(new: 1, old: -1, advantage: -2)
        #expect(token.loss == 6)
        #expect(token.slope == 0)
        #expect(token.bound == .dualClip)
    }

    @Test(arguments: [1.2, 0.8]) func `exactly on the bound the slope is still there`(ratio: Double) {
        // The ratio that the exponential gives back is the bound itself, or the test would miss it.
        let bound = ClippedPolicyLoss(clip: abs(exp(log(ratio)) - 1))
        for advantage in [-1.0, 1] {
            let token = bound.token(new: log(ratio), old: 0, advantage: advantage)
            #expect(token.bound == .none)
            #expect(token.slope == -advantage * token.ratio)
        }
    }

    @Test(arguments: [800.0, 1e5]) func `a ratio beyond all numbers is harmless where a bound holds it`(far: Double) {
        let dual = ClippedPolicyLoss(clip: 0.2, dualClip: 3)
        #expect(dual.token(new: far, old: 0, advantage: 1).loss == -1.2)
        #expect(dual.token(new: far, old: 0, advantage: -1).loss == 3)
        #expect(dual.token(new: far, old: 0, advantage: 0).loss == 0)
        #expect(dual.token(new: -far, old: 0, advantage: -1).loss == 0.8)
        for advantage in [-1.0, 0, 1] { #expect(dual.token(new: far, old: 0, advantage: advantage).slope == 0) }
    }

    @Test func `the behaviour weight scales loss and slope, and above the cap nothing is left`() {
        let decoupled = ClippedPolicyLoss(clip: 0.2, behaviourWeightCap: 2)
        let token = decoupled.token(new: -1, old: -1 - log(2), proximal: -1, advantage: 3)
        #expect(abs(token.loss + 6) < 1e-12)
        #expect(abs(token.slope + 6) < 1e-12)
        let above = decoupled.token(new: -1, old: -2, proximal: -1, advantage: 3)
        #expect(above == .init(loss: 0, slope: 0, ratio: 1, bound: .none))
    }

    @Test(arguments: [-0.15, -0.05, 0.1, 0.17, 0.5, -0.5], [-1.5, 0.5])
    func `the slope is the derivative of the loss`(change: Double, advantage: Double) {
        for loss in [loss, ClippedPolicyLoss(clip: 0.2, dualClip: 1.4, behaviourWeightCap: 5)] {
            func value(_ change: Double) -> Double {
                loss.token(new: -1 + change, old: -1.3, proximal: -1, advantage: advantage).loss
            }
            let slope = loss.token(new: -1 + change, old: -1.3, proximal: -1, advantage: advantage).slope
            #expect(abs((value(change + 1e-6) - value(change - 1e-6)) / 2e-6 - slope) < 1e-8)
        }
    }
}

@Suite struct `The clipped loss against its definition` {
    /// max(-A r, -A clip(r)), bounded by -A c where c is given and A is negative.
    private func reference(_ change: Double, _ advantage: Double, clip: Double, dual: Double?) -> Double {
        let ratio = exp(change)
        let loss = max(-advantage * ratio, -advantage * min(max(ratio, 1 - clip), 1 + clip))
        guard let dual, advantage < 0 else { return loss }
        return min(loss, -advantage * dual)
    }

    @Test(arguments: UInt64(1)...40) func `for random tokens, with and without the dual clip`(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        for _ in 0..<50 {
            let clip = Double.random(in: 0.05...0.5, using: &generator)
            let dual = Bool.random(using: &generator) ? Double.random(in: 1.1...4, using: &generator) : nil
            let change = Double.random(in: -2...2, using: &generator)
            let advantage = Double.random(in: -3...3, using: &generator)
            let token = ClippedPolicyLoss(clip: clip, dualClip: dual).token(
                new: change - 1.5, old: -1.5, advantage: advantage)
            let expected = reference(change, advantage, clip: clip, dual: dual)
            #expect(abs(token.loss - expected) < 1e-12 * max(1, abs(expected)))
            #expect(token.slope == 0 || token.slope == -advantage * token.ratio)
            #expect((token.bound != .none) == (token.slope == 0))
        }
    }

    @Test func `without an advantage nothing is lost and nothing moves`() {
        for change in stride(from: -3.0, through: 3, by: 0.5) {
            let token = ClippedPolicyLoss(clip: 0.2, dualClip: 3).token(new: change, old: 0, advantage: 0)
            #expect(token.loss == 0)
            #expect(token.slope == 0)
        }
    }

    @Test(arguments: [0.8, 0.9, 1, 1.1, 1.19]) func `within the interval nothing is clipped`(ratio: Double) {
        for advantage in [-2.0, 2] {
            let token = ClippedPolicyLoss(clip: 0.2001).token(new: log(ratio), old: 0, advantage: advantage)
            #expect(token.bound == .none)
            #expect(abs(token.loss + advantage * ratio) < 1e-12)
        }
    }
}
