import Testing

@testable import Compute

@Suite struct LearningRateScheduleTests {
    @Test(arguments: [
        (ScheduleKind.constant, [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
        (.linear, [0.25, 0.5, 0.75, 1, 0.85, 0.7, 0.55, 0.4, 0.25, 0.1, 0.1, 0.1]),
        (.cosine, [0.25, 0.5, 0.75, 1, 0.93971, 0.775, 0.55, 0.325, 0.16029, 0.1, 0.1, 0.1]),
    ])
    func `rates follow the warm-up and then the kind`(kind: ScheduleKind, expected: [Float]) {
        let schedule = LearningRateSchedule(kind: kind, peak: 1, warmupSteps: 4, totalSteps: 10, minimumRatio: 0.1)
        for (index, rate) in expected.enumerated() {
            #expect(abs(schedule.rate(ofUpdate: index + 1) - rate) < 1e-5, "update \(index + 1)")
        }
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
