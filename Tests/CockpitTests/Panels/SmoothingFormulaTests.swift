import Glibc
import Testing

@testable import Cockpit
@testable import Store

@Suite("The moving average against its definition")
struct SmoothingFormulaTests {
    /// Σ (1−w) w^(n−i) x_i, divided by the weight that is there: 1 − w^n.
    private func reference(_ values: [Double], weight: Double) -> Double {
        let count = values.count
        let sum = values.enumerated().reduce(0.0) {
            $0 + (1 - weight) * pow(weight, Double(count - 1 - $1.offset)) * $1.element
        }
        return weight > 0 ? sum / (1 - pow(weight, Double(count))) : values[count - 1]
    }

    @Test(arguments: ChartsView.smoothings)
    func `each point is the weighted mean of those before it`(weight: Double) {
        var random = Seeded(state: 71)
        var columns: [ReducedColumn] = []
        var seen: [Double] = []
        var expected: [Double?] = []
        for _ in 0..<150 {
            if random.next() % 5 == 0 {
                columns.append(ReducedColumn(nonFinite: Int(random.next() % 2)))
                expected.append(nil)
                continue
            }
            let value = random.unit() * 10 - 5
            columns.append(ReducedColumn(count: 3, low: value - 1, high: value + 2, mean: value, last: value))
            seen.append(value)
            expected.append(reference(seen, weight: weight))
        }
        let smooth = Smoothing.debiased(columns[...], weight: weight)
        #expect(smooth.count == columns.count)
        for (index, column) in smooth.enumerated() {
            #expect(column.hasNonFinite == (columns[index].nonFinite > 0))
            guard let value = expected[index] else {
                #expect(column.count == 0 && column.mean.isNaN)
                continue
            }
            #expect(abs(column.mean - value) < 1e-9)
            #expect(column.low == column.mean && column.high == column.mean)
        }
    }

    @Test func `a smoothed line never leaves the range of its values and a heavier weight moves less`() {
        var random = Seeded(state: 72)
        let values = (0..<300).map { _ in random.unit() }
        let columns = values.map { ReducedColumn(count: 1, low: $0, high: $0, mean: $0, last: $0) }
        var rough = Double.infinity
        for weight in ChartsView.smoothings {
            let smooth = Smoothing.debiased(columns[...], weight: weight).map(\.mean)
            #expect(smooth.allSatisfy { $0 >= values.min() ?? 0 && $0 <= values.max() ?? 1 })
            let travel = zip(smooth, smooth.dropFirst()).reduce(0) { $0 + abs($1.1 - $1.0) }
            #expect(travel < rough)
            rough = travel
        }
    }

    @Test func `the raw range behind the line is the range that was measured`() {
        let columns = [ReducedColumn(count: 2, low: 1, high: 5, mean: 3, last: 4), ReducedColumn()]
        let raw = Smoothing.raw(columns[...])
        #expect(raw[0] == LineChart.Column(count: 2, low: 1, high: 5, mean: 3))
        #expect(raw[1].count == 0)
    }

    @Test func `every window of a curve lies inside it and panning reaches both ends`() {
        for count in 1...70 {
            let curve = Curve(firstStep: 1, lastStep: 9, columns: Array(repeating: ReducedColumn(), count: count))
            for zoom in [1, 2, 4, 8, 16, 32] {
                for step in 0...10 {
                    let shown = MetricChart.shown(of: curve, zoom: zoom, end: Double(step) / 10)
                    #expect(shown.lowerBound >= 0 && shown.upperBound <= count && !shown.isEmpty)
                    #expect(shown.count == min(count, max(2, count / zoom)))
                }
                #expect(MetricChart.shown(of: curve, zoom: zoom, end: 1).upperBound == count)
                #expect(MetricChart.shown(of: curve, zoom: zoom, end: 0).lowerBound == 0)
            }
        }
    }
}
