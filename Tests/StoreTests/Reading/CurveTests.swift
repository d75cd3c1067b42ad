import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct ReducedReadTests {
    /// What a curve is, said the slow way: each visible point goes to its column, one after another.
    private func naive(_ points: [MetricPoint], columns: Int) -> Curve? {
        guard let first = points.map(\.step).min(), let last = points.map(\.step).max() else { return nil }
        let reduced = (0..<columns).map { column -> ReducedColumn in
            let inside = points.filter { ($0.step - first) * columns / (last - first + 1) == column }
            let finite = inside.map(\.value).filter(\.isFinite)
            return ReducedColumn(
                count: finite.count, low: finite.min() ?? 0, high: finite.max() ?? 0,
                mean: finite.isEmpty ? 0 : finite.reduce(0, +) / Double(finite.count), last: finite.last ?? 0,
                nonFinite: inside.count - finite.count)
        }
        return Curve(firstStep: first, lastStep: last, columns: reduced)
    }

    private func expectEqual(_ curve: Curve?, _ expected: Curve?, _ comment: Comment) {
        #expect(curve?.firstStep == expected?.firstStep, comment)
        #expect(curve?.lastStep == expected?.lastStep, comment)
        for (one, other) in zip(curve?.columns ?? [], expected?.columns ?? []) {
            #expect(abs(one.mean - other.mean) <= 1e-9 * max(1, abs(other.mean)), comment)
            var exact = one
            exact.mean = other.mean
            #expect(exact == other, comment)
        }
        #expect(curve?.columns.count == expected?.columns.count, comment)
    }

    @Test(arguments: [UInt64](1...12))
    func `a reduced read equals the naive reduction`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let run = try RunBuilder()
        let stride = Int.random(in: 1...3, using: &random)
        let count = Int.random(in: 1...1500, using: &random)
        let values = (0..<count).map { _ -> Double in
            Int.random(in: 0..<200, using: &random) == 0 ? .nan : Double(Float.random(in: -1...1, using: &random))
        }
        let batch = Batch.of(seq: 1) { batch in
            var block = WireMetricBlock()
            block.names = ["other", "loss"]
            block.rows = values.enumerated().map { Batch.row(5 + $0 * stride, [1, $1], time: nil) }
            batch.metrics = [block]
        }
        _ = try run.writer.append(batch)
        try run.writer.commit()
        let reader = try run.reader()
        let points = try reader.points(of: "loss")
        #expect(points.map(\.value.bitPattern) == values.map(\.bitPattern))
        for columns in [1, 2, 7, 100, 400] {
            let curve = try reader.snapshot(RunQuery(metrics: ["loss"], columns: columns)).curves["loss"]
            expectEqual(curve, naive(points, columns: columns), "seed \(seed), \(columns) columns")
        }
        let half = Int64(5 + count * stride / 2) * 1_000_000
        let then = try reader.snapshot(RunQuery(playhead: .at(half), metrics: ["loss"], columns: 50)).curves["loss"]
        expectEqual(then, naive(points.filter { $0.time <= half }, columns: 50), "seed \(seed), at half")
    }

    @Test func `only chunks that reach over a column's edge need their values`() throws {
        let run = try RunBuilder()
        try run.series("loss", (0..<1024).map { Double($0) })
        // With the values gone, what is still answered came from the summaries.
        try run.writer.close()
        try Damage.clearValues(of: run.path)
        let reader = try run.reader()
        let four = try reader.snapshot(RunQuery(metrics: ["loss"], columns: 4))
        #expect(four.curves["loss"]?.columns.map(\.count) == [256, 256, 256, 256])
        #expect(four.curves["loss"]?.columns.map(\.mean) == [127.5, 383.5, 639.5, 895.5])
        #expect(four.damage == [])
        #expect(try reader.snapshot(RunQuery(metrics: ["loss"], columns: 5)).damage.count == 4)
    }

    @Test func `a series nobody has is no curve`() throws {
        let run = try RunBuilder()
        #expect(try run.reader().snapshot(RunQuery(metrics: ["loss"])).curves == [:])
        #expect(try run.reader().points(of: "loss") == [])
    }

    @Test func `a series in several column sets is one curve`() throws {
        let run = try RunBuilder()
        try run.step(1, [("loss", 3), ("lr", 1)], seq: 1)
        try run.step(2, [("loss", 2), ("lr", 1), ("eval", 0.5)], seq: 2)
        try run.step(3, [("loss", 1), ("lr", 1)], seq: 3)
        let snapshot = try run.reader().snapshot(RunQuery(metrics: ["loss", "eval"], columns: 3))
        #expect(snapshot.curves["loss"]?.columns.map(\.last) == [3, 2, 1])
        #expect(snapshot.curves["eval"]?.firstStep == 2)
        #expect(snapshot.series.map(\.key) == ["eval", "loss", "lr"])
        #expect(snapshot.series.map(\.count) == [1, 3, 3])
    }

    @Test func `columns are bounded whatever is asked`() throws {
        let run = try RunBuilder()
        try run.series("loss", [1, 2])
        let reader = try run.reader()
        #expect(try reader.snapshot(RunQuery(metrics: ["loss"], columns: .max)).curves["loss"]?.columns.count == 4096)
        #expect(try reader.snapshot(RunQuery(metrics: ["loss"], columns: -3)).curves["loss"]?.columns.count == 1)
    }
}

@Suite struct ColumnAccumulatorTests {
    @Test func `the axis is cut into columns of equal length`() {
        let accumulator = ColumnAccumulator(first: 10, last: 19, columns: 5)
        #expect((10...19).map { accumulator.column(of: $0) } == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
        #expect(accumulator.column(of: 9) == nil)
        #expect(accumulator.column(of: 20) == nil)
    }

    @Test func `the ends of the number range are no trap`() {
        let accumulator = ColumnAccumulator(first: 0, last: 1 << 60, columns: 4096)
        #expect(accumulator.column(of: 0) == 0)
        #expect(accumulator.column(of: 1 << 60) == 4095)
    }

    @Test func `the last value is that of the last step, whatever order they come in`() {
        var accumulator = ColumnAccumulator(first: 0, last: 9, columns: 1)
        accumulator.add(5, at: 9, attempt: 1)
        accumulator.add(1, at: 2, attempt: 1)
        accumulator.add(.infinity, at: 3, attempt: 1)
        #expect(accumulator.reduced() == [ReducedColumn(count: 2, low: 1, high: 5, mean: 3, last: 5, nonFinite: 1)])
    }

    @Test func `a column nothing falls into is empty`() {
        var accumulator = ColumnAccumulator(first: 0, last: 9, columns: 2)
        accumulator.add(1, at: 0, attempt: 1)
        #expect(accumulator.reduced()[1] == ReducedColumn())
    }
}

@Suite struct AttemptTests {
    @Test func `a resume hides the points it runs again, and keeps them`() throws {
        let run = try RunBuilder()
        try run.series("loss", (1...300).map { Double($0) })
        try run.writer.beginAttempt(2, resumeStep: 100, time: 400_000_000, reason: "model_worker/0 was killed")
        let reader = try run.reader()
        #expect(try reader.points(of: "loss").map(\.step) == Array(1...100))
        #expect(try reader.snapshot(RunQuery()).series.first?.lastStep == 100)
        #expect(try reader.snapshot(RunQuery()).series.first?.count == 100)

        try run.step(101, [("loss", -1)], seq: 1, epoch: 2, time: 401_000_000)
        let points = try reader.points(of: "loss")
        #expect(points.map(\.step) == Array(1...101))
        #expect(points.last?.value == -1)
        #expect(try Integrity.check(path: run.path).values == 301)
    }

    @Test func `before the resume the older points are still what happened`() throws {
        let run = try RunBuilder()
        try run.series("loss", (1...300).map { Double($0) })
        try run.writer.beginAttempt(2, resumeStep: 100, time: 400_000_000, reason: "")
        let reader = try run.reader()
        let before = try reader.snapshot(RunQuery(playhead: .at(399_999_999), metrics: ["loss"], columns: 1))
        #expect(before.series.first?.last == 300)
        #expect(before.curves["loss"]?.lastStep == 300)
        #expect(before.attempt == 1)
        let after = try reader.snapshot(RunQuery(playhead: .at(400_000_000), metrics: ["loss"], columns: 1))
        #expect(after.series.first?.last == 100)
        #expect(after.curves["loss"]?.columns.first?.high == 100)
        #expect(after.attempt == 2)
    }

    @Test func `the earliest resume step of all later attempts is the limit`() {
        let visibility = Visibility(
            attempts: [
                Attempt(number: 1, resumeStep: 0, time: 0), Attempt(number: 2, resumeStep: 80, time: 1),
                Attempt(number: 3, resumeStep: 40, time: 2), Attempt(number: 4, resumeStep: 90, time: 3),
            ], time: 2)
        #expect((1...3).map { visibility.lastStep(of: $0) } == [40, 40, .max])
        #expect(visibility.lastStep(of: 0) == 0)
        #expect(visibility.lastStep(of: 9) == .max)
        #expect(visibility.current == 3)
    }

    @Test func `a step that two attempts report counts once, the later one wins`() throws {
        let run = try RunBuilder()
        try run.series("eval", [1, 2, 3])
        try run.writer.beginAttempt(2, resumeStep: 3, time: 9_000_000, reason: "")
        try run.step(3, [("eval", 30)], seq: 1, epoch: 2, time: 10_000_000)
        #expect(try run.reader().points(of: "eval").map(\.value) == [1, 2, 30])
    }

    @Test func `attempts are lifecycle events`() throws {
        let run = try RunBuilder()
        try run.writer.beginAttempt(2, resumeStep: 40, time: 5, reason: "a worker died")
        let events = try run.reader().snapshot(RunQuery()).events
        #expect(events.map(\.kind) == ["started", "resumed"])
        #expect(events.map(\.detail) == ["first", "attempt 2 from step 40: a worker died"])
        #expect(try run.writer.attempt() == 2)
    }
}
