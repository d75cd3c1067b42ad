import Protocol
import Testing

@Suite struct TrialPlanTests {
    private let plan = SomePlans.full

    @Test func `the step axis runs through all setups`() {
        #expect(plan.totalSteps == 230)
        #expect(plan.setups.indices.map(plan.stepsBefore) == [0, 30, 30])
        #expect(plan.stepsBefore(setup: plan.setups.count) == plan.totalSteps)
    }

    @Test func `the master is one of the workers and comes first`() {
        #expect(plan.workers.map(\.description) == ["master_worker/0", "model_worker/0", "model_worker/1"])
        var alone = plan
        alone.modelWorkers = []
        #expect(alone.workers == [.master])
    }

    @Test func `what an experiment does not say of batches has these values`() {
        #expect(MicroBatchSpec() == MicroBatchSpec(minimumCount: 1, maximumTokens: nil))
    }
}
