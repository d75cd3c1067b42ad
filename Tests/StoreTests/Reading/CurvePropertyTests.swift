import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct CurvePropertyTests {
    @Test(arguments: [UInt64](1...10))
    func `a curve equals the naive reduction at the head and at any moment, for any number of columns`(
        seed: UInt64
    ) throws {
        let made = try RandomRun(seed: seed, rows: 900)
        let reader = try made.run.reader()
        var random = SplitMix(seed: seed)
        let moments: [Int64?] = [nil, 0, 1, made.endTime] + (0..<6).map { _ in .random(in: 1...9000, using: &random) }
        for moment in moments {
            let columns = [1, 2, 500, Int.random(in: 3...499, using: &random)].randomElement(using: &random) ?? 1
            let query = RunQuery(
                playhead: moment.map { .at($0) } ?? .head, metrics: ["a", "b"], columns: columns)
            let curves = try reader.snapshot(query).curves
            for key in ["a", "b"] {
                let expected = made.curve(key, at: moment, columns: columns)
                #expect(curves[key] == expected, "seed \(seed), \(key) at \(moment ?? -1), \(columns) columns")
            }
        }
    }

    @Test(arguments: [UInt64](11...14))
    func `columns lose no value and make none up`(seed: UInt64) throws {
        let made = try RandomRun(seed: seed, rows: 700)
        let reader = try made.run.reader()
        let rows = made.visible("a", at: nil)
        let values = rows.compactMap { $0.values["a"] }
        for columns in [1, 3, 17, 100, 499] {
            let query = RunQuery(metrics: ["a"], columns: columns)
            let curve = try #require(try reader.snapshot(query).curves["a"])
            #expect(curve.columns.reduce(0) { $0 + $1.count } == values.count(where: \.isFinite))
            #expect(curve.columns.reduce(0) { $0 + $1.nonFinite } == values.count { !$0.isFinite })
            for column in curve.columns where column.count > 0 {
                #expect((column.low...column.high).contains(column.mean))
                #expect((column.low...column.high).contains(column.last))
            }
        }
    }

    @Test(arguments: [UInt64](21...26))
    func `the last values at any moment are those of the newest rows`(seed: UInt64) throws {
        let made = try RandomRun(seed: seed, rows: 600)
        let reader = try made.run.reader()
        for moment in [nil, 0, made.endTime] + stride(from: 100, through: 6000, by: 700).map({ $0 }) as [Int64?] {
            let series = try reader.snapshot(RunQuery(playhead: moment.map { .at($0) } ?? .head)).series
            let expected = made.lastValues(at: moment)
            #expect(series.map(\.key) == expected.map(\.key))
            #expect(series.map(\.count) == expected.map(\.count), "seed \(seed) at \(moment ?? -1)")
            #expect(series.map(\.lastStep) == expected.map(\.lastStep), "seed \(seed) at \(moment ?? -1)")
            #expect(series.map(\.lastTime) == expected.map(\.lastTime), "seed \(seed) at \(moment ?? -1)")
            #expect(
                series.map(\.last.bitPattern) == expected.map(\.last.bitPattern), "seed \(seed) at \(moment ?? -1)")
        }
    }

    @Test(arguments: [UInt64](31...34))
    func `a run that is sealed, closed and opened reads as before`(seed: UInt64) throws {
        let made = try RandomRun(seed: seed, rows: 300)
        let query = RunQuery(metrics: ["a", "b"], columns: 40)
        let live = try made.run.reader().snapshot(query)
        let points = try made.run.reader().points(of: "a").map(\.step)
        try made.run.writer.sealEverything()
        try made.run.writer.close()
        #expect(try made.run.reader().snapshot(query).curves == live.curves)
        #expect(try made.run.reader().snapshot(query).series.map(\.count) == live.series.map(\.count))
        #expect(try made.run.reader().points(of: "a").map(\.step) == points)
        #expect(try Integrity.check(path: made.run.path).findings == [])
    }

    @Test(arguments: [
        [1e308, 1e308, 1e308], [1e308, 1e308, -1e308, -1e308], [-1.7e308, -1.7e308],
        [Double](repeating: 0.1, count: 300), [Double](repeating: .leastNonzeroMagnitude, count: 7),
        [Double](repeating: .greatestFiniteMagnitude, count: 600),
    ])
    func `a mean lies among its values whatever their sum comes to`(values: [Double]) throws {
        let run = try RunBuilder()
        try run.series("a", values)
        for columns in [1, 2] {
            let query = RunQuery(metrics: ["a"], columns: columns)
            let curve = try #require(try run.reader().snapshot(query).curves["a"])
            for column in curve.columns where column.count > 0 {
                #expect((column.low...column.high).contains(column.mean), "\(column)")
            }
        }
    }

    @Test func `steps at the ends of the range are drawn in the first and the last column`() throws {
        let run = try RunBuilder()
        try run.step(0, [("a", 1)], seq: 1, time: 1)
        try run.step(1 << 60, [("a", 2)], seq: 2, time: 2)
        for _ in 0..<2 {
            let curve = try run.reader().snapshot(RunQuery(metrics: ["a"], columns: 3)).curves["a"]
            #expect(curve?.columns.map(\.count) == [1, 0, 1])
            #expect(curve?.lastStep == 1 << 60)
            try run.writer.sealEverything()
        }
        #expect(try run.reader().points(of: "a").map(\.value) == [1, 2])
    }

    @Test func `a series is reduced once however often it is asked for, and at most 64 are`() throws {
        let run = try RunBuilder()
        let keys = (0..<70).map { "k\($0)" }
        try run.step(1, keys.map { ($0, 1) }, seq: 1)
        #expect(try run.reader().snapshot(RunQuery(metrics: keys)).curves.count == 64)
        #expect(try run.reader().snapshot(RunQuery(metrics: ["k1", "k1", "none"])).curves.count == 1)
    }
}

@Suite struct PagePropertyTests {
    @Test(arguments: [UInt64](1...12))
    func `pages of every size hold the same points, each once and in order`(seed: UInt64) throws {
        let made = try RandomRun(seed: seed, rows: 900)
        let reader = try made.run.reader()
        for key in ["a", "b"] {
            let whole = try reader.points(of: key, pages: .max)
            #expect(whole.map(\.step) == Set(made.visible(key, at: nil).map(\.step)).sorted())
            for limit in [1, 7, 256, 300] {
                let paged = try reader.points(of: key, pages: limit)
                // NaN is no equal of itself.
                #expect(paged.map { "\($0)" } == whole.map { "\($0)" }, "\(limit)")
            }
        }
    }
}
