import Testing

@testable import Compute

/// Expected rates come from the formulas written in Python, and from PyTorch's `MultiStepLR`.
@Suite struct `Learning rates of each update` {
    private func expect(
        _ schedule: LearningRateSchedule, _ table: [(Int, Float)], tolerance: Float = 2e-7,
        at location: SourceLocation = #_sourceLocation
    ) {
        for (update, rate) in table {
            #expect(
                abs(schedule.rate(ofUpdate: update) - rate) <= tolerance * rate, "update \(update)",
                sourceLocation: location)
        }
    }

    private func numbered(_ rates: [Float]) -> [(Int, Float)] { Array(zip(1..., rates)) }

    @Test func `CosineAnnealingWithWarmupDecay with the engine's numbers`() {
        expect(
            LearningRateSchedule(peak: 5e-5, warmup: 3600, shape: .cosine(end: 360_000, minimum: 1e-5)),
            [
                (1, 1.38888889e-08), (2, 2.77777778e-08), (1800, 2.5e-05), (3600, 5e-05), (3601, 5e-05),
                (90_000, 4.44746808e-05), (181_800, 3e-05), (359_999, 1e-05), (360_000, 1e-05), (360_001, 1e-05),
            ])
    }

    @Test func `CosineAnnealingWithWarmupDecay with a warm-up of one and a half updates`() {
        expect(
            LearningRateSchedule(peak: 1, warmup: 1.5, shape: .cosine(end: 10, minimum: 0.1)),
            numbered([
                0.666666667, 0.992337895, 0.932597711, 0.821185586, 0.673148346, 0.508479238, 0.34941774, 0.217445987,
                0.130387497, 0.1, 0.1, 0.1,
            ]))
    }

    @Test func `LinearDecayWithWarmup goes on from where the warm-up ends`() {
        expect(
            LearningRateSchedule(peak: 1, warmup: 2.5, shape: .linear(end: 8, minimum: 0)),
            numbered([
                0.4, 0.8, 0.909090909, 0.727272727, 0.545454545, 0.363636364, 0.181818182, 0, 0, 0,
            ]))
    }

    @Test func `MultiStep lowers the rate behind each milestone, as PyTorch does`() {
        expect(
            LearningRateSchedule(peak: 1, warmup: 0, shape: .steps(milestones: [3, 5, 8], factor: 0.5)),
            numbered([1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125]))
    }

    @Test func `MultiStep has a warm-up where asked`() {
        expect(
            LearningRateSchedule(peak: 2, warmup: 2, shape: .steps(milestones: [3], factor: 0.1)),
            [(1, 1), (2, 2), (3, 2), (4, 0.2), (900, 0.2)])
    }

    @Test(
        arguments: [
            (
                .linear(end: 12, minimum: 0.2),
                [
                    0.416666667, 0.833333333, 0.95, 0.866666667, 0.783333333, 0.7, 0.616666667, 0.533333333, 0.45,
                    0.366666667, 0.283333333, 0.2, 0.2,
                ]
            ),
            (
                .cosine(end: 12, minimum: 0.2),
                [
                    0.416666667, 0.833333333, 0.992314112, 0.946410162, 0.863738326, 0.753073373, 0.626161252,
                    0.496472382, 0.377771907, 0.282658664, 0.221227948, 0.2, 0.2,
                ]
            ),
            (.constant, [0.416666667, 0.833333333, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
        ] as [(LearningRateSchedule.Shape, [Float])])
    func `a warm-up of a fifth of twelve updates`(shape: LearningRateSchedule.Shape, rates: [Float]) {
        expect(LearningRateSchedule(peak: 1, warmup: 2.4, shape: shape), numbered(rates))
    }

    @Test func `without warm-up the first update is just below the peak`() {
        let schedule = LearningRateSchedule(kind: .linear, peak: 2, warmupSteps: 0, totalSteps: 4, minimumRatio: 0)
        #expect((1...5).map { schedule.rate(ofUpdate: $0) } == [1.5, 1, 0.5, 0, 0])
    }

    @Test func `a warm-up longer than the schedule still ends at the minimum`() {
        let schedule = LearningRateSchedule(kind: .cosine, peak: 1, warmupSteps: 4, totalSteps: 2, minimumRatio: 0.5)
        #expect((1...5).map { schedule.rate(ofUpdate: $0) } == [0.25, 0.5, 0.75, 0.5, 0.5])
    }
}
