import TestSupport
import Testing

@testable import Store

@Suite struct VisibilityTests {
    private func attempts(_ random: inout SplitMix) -> [Attempt] {
        var time: Int64 = 0
        return (1...Int64.random(in: 1...6, using: &random)).map { number in
            time += Int64.random(in: 1...40, using: &random)
            return Attempt(
                number: number, resumeStep: number == 1 ? 0 : Int64.random(in: 0...60, using: &random), time: time)
        }
    }

    @Test(arguments: [UInt64](1...30))
    func `a row is hidden by the playhead, or by a later attempt that went back behind it`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let attempts = attempts(&random).shuffled(using: &random)
        let moment = Int64.random(in: 0...200, using: &random)
        let visibility = Visibility(attempts: attempts, time: moment)
        for _ in 0..<100 {
            let attempt = Int64.random(in: 0...7, using: &random), step = Int64.random(in: 0...80, using: &random)
            let time = Int64.random(in: 0...220, using: &random)
            let isHidden =
                time > moment
                || attempts.contains { $0.time <= moment && $0.number > attempt && step > $0.resumeStep }
            #expect(visibility.shows(attempt: attempt, step: step, time: time) == !isHidden)
        }
    }

    @Test(arguments: [UInt64](1...30))
    func `what is said of a block is true of each of its rows`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let visibility = Visibility(
            attempts: attempts(&random), time: Bool.random(using: &random) ? .max : .random(in: 0...200, using: &random)
        )
        for attempt in Int64(0)...7 {
            let steps = (0..<5).map { _ in Int64.random(in: 0...80, using: &random) }.sorted()
            let times = steps.map { _ in Int64.random(in: 0...220, using: &random) }
            let block = BlockHead(
                id: 1, columnSet: 1, attempt: attempt, count: 5, firstStep: steps[0], lastStep: steps[4],
                steps: AxisCodec.encodeSteps(steps), firstTime: times.min() ?? 0, lastTime: times.max() ?? 0)
            let shown = zip(steps, times).count { visibility.shows(attempt: attempt, step: $0, time: $1) }
            switch visibility.coverage(of: block) {
            case .all: #expect(shown == 5)
            case .none: #expect(shown == 0)
            case .some: #expect((0...5).contains(shown))
            }
        }
    }

    @Test func `an attempt ends when the next one begins, the newest not at all`() {
        let attempts = [
            Attempt(number: 1, resumeStep: 0, time: 0), Attempt(number: 2, resumeStep: 5, time: 100),
            Attempt(number: 3, resumeStep: 5, time: 200),
        ]
        let visibility = Visibility(attempts: attempts, time: 150)
        #expect([0, 1, 2, 3].map { visibility.end(of: $0) } == [0, 100, nil, nil])
        #expect(visibility.current == 2)
        #expect(Visibility(attempts: attempts, time: -1).current == 0)
    }

    @Test func `only the head of a run that was never resumed shows all that was stored`() {
        let first = Attempt(number: 1, resumeStep: 0, time: 0), second = Attempt(number: 2, resumeStep: 9, time: 5)
        #expect(Visibility(attempts: [], time: .max).showsEverything)
        #expect(Visibility(attempts: [first], time: .max).showsEverything)
        #expect(Visibility(attempts: [first, second], time: .max).showsEverything == false)
        #expect(Visibility(attempts: [first], time: 1 << 60).showsEverything == false)
    }
}
