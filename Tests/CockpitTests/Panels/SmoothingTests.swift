import Testing

@testable import Cockpit
@testable import Store

@Suite struct SmoothingTests {
    private func columns(_ values: [Double?]) -> ArraySlice<ReducedColumn> {
        values.map { value in
            value.map { ReducedColumn(count: 1, low: $0, high: $0, mean: $0, last: $0) } ?? ReducedColumn()
        }[...]
    }

    @Test(arguments: ChartsView.smoothings)
    func `a constant series stays constant`(weight: Double) {
        let smooth = Smoothing.debiased(columns(Array(repeating: 0.37, count: 200)), weight: weight)
        for column in smooth { #expect(column.mean == 0.37, "a rounding would be drawn as a curve") }
    }

    @Test func `without weight nothing changes`() {
        let smooth = Smoothing.debiased(columns([1, 5, 2]), weight: 0)
        #expect(smooth.map(\.mean) == [1, 5, 2])
    }

    @Test func `the first point is the point itself and the second the weighted mean`() {
        let smooth = Smoothing.debiased(columns([1, 4]), weight: 0.5)
        #expect(smooth.map(\.mean) == [1, 3])
    }

    @Test func `a gap stays a gap and does not pull`() {
        let smooth = Smoothing.debiased(columns([2, nil, 2]), weight: 0.9)
        #expect(smooth.map(\.count) == [1, 0, 1])
        #expect(abs(smooth[2].mean - 2) < 1e-12)
    }

    @Test func `points that are not finite are marked`() {
        let bad = ReducedColumn(count: 0, nonFinite: 3)
        #expect(Smoothing.debiased([bad], weight: 0.5).map(\.hasNonFinite) == [true])
    }

    @Test(
        arguments: [(1, 1.0, 0..<100), (4, 1.0, 75..<100), (4, 0.5, 25..<50), (4, 0.1, 0..<25)]
            as [(Int, Double, Range<Int>)])
    func `zoom and pan choose a part of the curve`(zoom: Int, end: Double, shown: Range<Int>) {
        let curve = Curve(firstStep: 1, lastStep: 100, columns: Array(repeating: ReducedColumn(), count: 100))
        #expect(MetricChart.shown(of: curve, zoom: zoom, end: end) == shown)
    }

    @Test func `what tells most about a run comes first`() {
        let keys = [
            "timeperf/e2e", "buffer/size", "sft/loss", "grpo_actor/approx_kl", "odd", "eval/accuracy",
            "grpo_actor/reward",
        ]
        #expect(
            MetricOrder.ranked(keys) == [
                "grpo_actor/reward", "eval/accuracy", "sft/loss", "grpo_actor/approx_kl", "odd", "buffer/size",
                "timeperf/e2e",
            ])
    }
}
