import Foundation
import TestSupport
import Testing

@testable import Workers

@Suite struct `The policy's objective` {
    private static let tokens = PolicyObjective.Tokens(
        mask: [false, true, true, true], advantages: [9, 1, -1, 2], old: [-9, -1, -1, -2],
        reference: [-9, -1.5, -1, -2], entropies: [9, 0.5, 1, 1.5])
    private let new: [Float] = [-5, -1, -1, -2]

    @Test(arguments: try ObjectiveFixture.load().policy)
    func `has the value, gradient and statistics of the reference`(item: ObjectiveFixture.Policy) throws {
        let objective = PolicyObjective(
            ClippedPolicyLoss(clip: item.clip, dualClip: item.dual, behaviourWeightCap: item.cap),
            referenceWeight: item.referenceWeight ?? 0)
        let result = try objective.evaluate(
            item.new,
            PolicyObjective.Tokens(
                mask: item.mask.flags, advantages: item.advantages, old: item.old, proximal: item.proximal,
                reference: item.reference))
        #expect(result.notFinite == nil)
        #expect(relativeError(result.loss, item.loss) < 1e-6)
        #expect(relativeError(result.coefficients, item.gradient.map { -$0 }) < 1e-6)
        #expect(result.weight == Double(item.mask.reduce(0, +)))
        let statistics = result.statistics
        #expect(relativeError(statistics["actor_loss"].mean, item.statistics.actorLoss) < 1e-6)
        #expect(relativeError(statistics["importance_weight"].mean, item.statistics.ratio) < 1e-6)
        #expect(relativeError(statistics["approx_kl"].mean, item.statistics.moved) < 1e-6)
        #expect(statistics["clip_ratio"].sum == Double(item.statistics.clipped))
        #expect(statistics["dual_clip_ratio"].sum == Double(item.statistics.dualClipped))
        #expect(statistics["clipped_new_logp"].count == item.statistics.clipped)
        #expect(statistics["dual_clipped_old_logp"].count == item.statistics.dualClipped)
        #expect(statistics["behave_imp_weight"].count == item.withinCap ?? 0)
        #expect(relativeError(statistics["behave_imp_weight"].sum, item.behaviourWeight ?? 0) < 1e-6)
        #expect(relativeError(statistics["kl_ref"].mean, item.statistics.divergence ?? 0) < 1e-6)
    }

    @Test func `of a policy that has not moved is minus the mean advantage`() throws {
        let result = try PolicyObjective(ClippedPolicyLoss(clip: 0.2)).evaluate(new, Self.tokens)
        #expect(abs(result.loss + 2.0 / 3) < 1e-12)
        #expect(relativeError(result.coefficients, [0, 1.0 / 3, -1.0 / 3, 2.0 / 3]) < 1e-7)
        #expect(result.statistics["entropy"].mean == 1)
        #expect(result.statistics["kl_ref"].count == 3)
    }

    @Test func `what stands outside the mask changes nothing`() throws {
        let objective = PolicyObjective(ClippedPolicyLoss(clip: 0.2), referenceWeight: 0.1)
        let plain = try objective.evaluate(new, Self.tokens)
        for odd in [Float.nan, .infinity, -1e30] {
            var tokens = Self.tokens, outputs = new
            tokens.advantages[0] = odd
            tokens.old[0] = odd
            tokens.reference?[0] = odd
            tokens.entropies?[0] = odd
            outputs[0] = odd
            #expect(try objective.evaluate(outputs, tokens) == plain)
        }
    }

    @Test(arguments: UInt64(1)...20) func `does not depend on the order of its tokens`(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let order = (0..<4).shuffled(using: &generator)
        let objective = PolicyObjective(ClippedPolicyLoss(clip: 0.1), referenceWeight: 0.3)
        let outputs: [Float] = [-5, -1.3, -0.4, -2.2]
        let plain = try objective.evaluate(outputs, Self.tokens)
        var tokens = Self.tokens
        tokens.mask = order.map { Self.tokens.mask[$0] }
        tokens.advantages = order.map { Self.tokens.advantages[$0] }
        tokens.old = order.map { Self.tokens.old[$0] }
        tokens.reference = order.map { Self.tokens.reference?[$0] ?? 0 }
        let moved = try objective.evaluate(order.map { outputs[$0] }, tokens)
        #expect(relativeError(moved.loss, plain.loss) < 1e-12)
        #expect(moved.coefficients == order.map { plain.coefficients[$0] })
    }

    @Test(
        arguments: [
            (EarlyStop.never, false), (EarlyStop(importanceRatio: 1.64), true),
            (EarlyStop(importanceRatio: 1.65), false),
            (EarlyStop(divergence: 0.49), true), (EarlyStop(divergence: 0.5), false),
            (EarlyStop(importanceRatio: 9, divergence: 0.1), true),
        ])
    func `a micro-batch that is too far off is measured and not followed`(stop: EarlyStop, stops: Bool) throws {
        // Every token half a nat above: the mean ratio is 1.6487, the mean divergence 0.5.
        let objective = PolicyObjective(ClippedPolicyLoss(clip: 0.2), referenceWeight: 1, earlyStop: stop)
        let result = try objective.evaluate(new.map { $0 + 0.5 }, Self.tokens)
        #expect(result.coefficients.allSatisfy { $0 == 0 } == stops)
        #expect((result.loss == 0) == stops)
        #expect(result.weight == 3)
        #expect(result.statistics["approx_kl"].mean == 0.5)
    }

    @Test func `an empty mask gives nothing, without dividing by it`() throws {
        let objective = PolicyObjective(ClippedPolicyLoss(clip: 0.2), earlyStop: EarlyStop(importanceRatio: 0.1))
        let result = try objective.evaluate([-1], .init(mask: [false], advantages: [1], old: [-1]))
        #expect(result == MicroBatchLoss(loss: 0, weight: 0, coefficients: [0]))
    }

    @Test func `without a weight a reference is measured and does not pull`() throws {
        let loss = ClippedPolicyLoss(clip: 0.2)
        var alone = Self.tokens
        alone.reference = nil
        let measured = try PolicyObjective(loss).evaluate(new, Self.tokens)
        #expect(try PolicyObjective(loss).evaluate(new, alone).coefficients == measured.coefficients)
        #expect(measured.statistics["kl_ref"].mean > 0)
        let missing = "a policy loss with a weight for the reference model got no reference"
        #expect(throws: WorkerError(.plan, missing)) {
            try PolicyObjective(loss, referenceWeight: 0.1).evaluate(new, alone)
        }
    }
}

@Suite struct `A policy's objective of numbers that are none` {
    private let objective = PolicyObjective(ClippedPolicyLoss(clip: 0.2), referenceWeight: 0.1)

    private func tokens(_ change: (inout PolicyObjective.Tokens) -> Void) -> PolicyObjective.Tokens {
        var tokens = PolicyObjective.Tokens(
            mask: [true, true], advantages: [1, -1], old: [-1, -1], proximal: [-1, -1], reference: [-1, -1])
        change(&tokens)
        return tokens
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity]) func `data is refused with its name and place`(odd: Float) {
        let spoilt: [(String, PolicyObjective.Tokens)] = [
            ("advantage", tokens { $0.advantages[1] = odd }), ("old log-probability", tokens { $0.old[1] = odd }),
            ("proximal log-probability", tokens { $0.proximal?[1] = odd }),
            ("reference log-probability", tokens { $0.reference?[1] = odd }),
        ]
        for (name, tokens) in spoilt {
            let summary = "the policy loss got \(odd) as '\(name)' of element 1 of a micro-batch"
            #expect(throws: WorkerError(.request, summary)) { try objective.evaluate([-1, -1], tokens) }
        }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity]) func `what the model says is told and has no coefficient`(
        odd: Float
    ) throws {
        let result = try objective.evaluate([-1, odd], tokens { _ in })
        #expect(result.notFinite?.hasPrefix("the policy loss of element 1 of a micro-batch is nan") == true)
        #expect(result.loss.isNaN)
        #expect(result.coefficients[0].isFinite)
        #expect(result.coefficients[1].isNaN)
    }

    @Test func `a ratio that nothing bounds overflows and is told`() throws {
        let result = try objective.evaluate([-1, 200], tokens { _ in })
        #expect(result.notFinite?.hasPrefix("the policy loss of element 1") == true)
        #expect(result.coefficients[1].isNaN)
        let dual = PolicyObjective(ClippedPolicyLoss(clip: 0.2, dualClip: 3), referenceWeight: 0.1)
        let bounded = try dual.evaluate([-1, 200], tokens { _ in })
        #expect(bounded.notFinite == nil)
        #expect(bounded.statistics["dual_clip_ratio"].sum == 1)
    }

    @Test func `columns of another length than the mask are refused`() {
        let spoilt = [
            tokens { $0.advantages = [1] }, tokens { $0.old = [] }, tokens { $0.proximal = [1] },
            tokens { $0.reference = [1, 2, 3] }, tokens { $0.entropies = [1] }, tokens { $0.mask = [true] },
        ]
        for tokens in spoilt { #expect(throws: WorkerError.self) { try objective.evaluate([-1, -1], tokens) } }
    }
}
