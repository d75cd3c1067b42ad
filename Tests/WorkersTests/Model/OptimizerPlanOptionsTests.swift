import Compute
import Protocol
import Testing

@testable import Workers

@Suite struct `What a plan asks of the engine` {
    private func schedule(
        _ schedule: RatePlan.Schedule, warmup: RatePlan.Warmup = .steps(0), totalSteps: Int = 100
    ) -> LearningRateSchedule {
        OptimizerPlan(rate: RatePlan(peak: 0.5, warmup: warmup, schedule: schedule)).options(totalSteps: totalSteps)
            .schedule
    }

    @Test func `a rate falls to its share of the peak at the last update, or where it is told to`() {
        #expect(schedule(.constant).shape == .constant)
        #expect(schedule(.linear()).shape == .linear(end: 100, minimum: 0))
        let decay = RatePlan.Decay(minimumRatio: 0.25, steps: 40)
        #expect(schedule(.linear(decay)).shape == .linear(end: 40, minimum: 0.125))
        #expect(schedule(.cosine(decay)).shape == .cosine(end: 40, minimum: 0.125))
        #expect(schedule(.cosine(RatePlan.Decay(minimumRatio: 0.5))).rate(ofUpdate: 100) == 0.25)
    }

    @Test func `steps change it behind each milestone`() {
        let steps = schedule(.multistep(milestones: [3, 6], factor: 0.5))
        #expect([1, 3, 4, 6, 7, 90].map { steps.rate(ofUpdate: $0) } == [0.5, 0.5, 0.25, 0.25, 0.125, 0.125])
    }

    @Test func `the warm-up is a number of updates or a share of them, not always whole`() {
        #expect(schedule(.constant, warmup: .steps(5)).warmup == 5)
        #expect(schedule(.constant, warmup: .proportion(0.25), totalSteps: 10).warmup == 2.5)
        #expect(schedule(.constant, warmup: .proportion(0.25), totalSteps: 10).rate(ofUpdate: 1) == 0.2)
    }

    @Test func `what is not finite stops, or is left out up to a limit`() {
        func policy(_ nonFinite: OptimizerPlan.NonFinite) -> NonFinitePolicy {
            OptimizerPlan(learningRate: 1, nonFinite: nonFinite).options(totalSteps: 1).nonFinitePolicy
        }
        #expect(policy(.stop) == .stop)
        #expect(policy(.skip(limit: 0)) == .skip(consecutiveLimit: nil))
        #expect(policy(.skip(limit: 7)) == .skip(consecutiveLimit: 7))
    }

    @Test func `an adapter is of the model, not of the optimizer`() throws {
        func adapter(_ plan: AdapterPlan?) throws -> AdapterOptions? {
            try OptimizerPlan(learningRate: 1, adapter: plan).modelOptions().adapter
        }
        #expect(try adapter(nil) == nil)
        #expect(
            try adapter(AdapterPlan(rank: 4, alpha: 8)) == AdapterOptions(rank: 4, alpha: 8, targets: .allLinear))
        #expect(
            try adapter(AdapterPlan(rank: 4, alpha: 8, targets: ["q_proj"], scaling: .rankStabilized))
                == AdapterOptions(rank: 4, alpha: 8, targets: .named(["q_proj"]), scaling: .rankStabilized))
    }

    @Test func `no clipping is an infinite limit, and binary16 has a loss scale`() {
        #expect(OptimizerPlan(learningRate: 1, clipNorm: 0).options(totalSteps: 1).clipNorm == .infinity)
        #expect(OptimizerPlan(learningRate: 1).options(totalSteps: 1).lossScaling == nil)
        #expect(
            OptimizerPlan(learningRate: 1, precision: .float16).options(totalSteps: 1).lossScaling == .engineDefaults)
    }
}
