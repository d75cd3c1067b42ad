import Protocol
import TestSupport

@testable import Store

/// A run of random metrics, kept also as the plain list of what was stored.
struct RandomRun {
    struct Row {
        let attempt: Int
        let step: Int
        let time: Int64
        let values: [String: Double]
    }

    let run: RunBuilder
    private(set) var rows: [Row] = []
    private(set) var attempts = [Attempt(number: 1, resumeStep: 0, time: 0)]
    private var random: SplitMix
    private var seq = 0
    private var step = 0
    /// Steps the newest attempt has reported: which of two rows of one step is the last is not what this is about.
    private var used: Set<Int> = []
    private var time: Int64 = 0

    /// `count` rows of "a" and sometimes "b": with gaps, late ones, values that are no numbers, resumes; sealed in
    /// blocks of every size.
    init(seed: UInt64, rows count: Int) throws {
        run = try RunBuilder()
        random = SplitMix(seed: seed)
        for _ in 0..<count {
            switch Int.random(in: 0..<400, using: &random) {
            case 0...1: try resume()
            case 2...3: try run.writer.sealEverything()
            case 4...20: step += Int.random(in: 2...40, using: &random)
            default: break
            }
            try append()
            if Int.random(in: 0..<10, using: &random) == 0 { try run.writer.commit() }
        }
        try run.writer.commit()
    }

    private mutating func resume() throws {
        time += 10
        let number = attempts.count + 1
        step = Int.random(in: 0...step, using: &random)
        try run.writer.beginAttempt(number, resumeStep: step, time: time, reason: "")
        attempts.append(Attempt(number: Int64(number), resumeStep: Int64(step), time: time))
        seq = 0
        used = []
    }

    private mutating func append() throws {
        time += 10
        step += 1
        seq += 1
        let resumed = Int(attempts.last?.resumeStep ?? 0)
        let late = (max(resumed + 1, step - 60)..<max(resumed + 1, step)).filter { !used.contains($0) }
        let at = Int.random(in: 0..<20, using: &random) == 0 ? late.randomElement(using: &random) ?? step : step
        used.insert(at)
        var values = ["a": value()]
        if Int.random(in: 0..<4, using: &random) == 0 { values["b"] = value() }
        let row = Row(attempt: attempts.count, step: at, time: time, values: values)
        let block = Batch.block(at, values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, time: time)
        _ = try run.writer.append(Batch.of(seq: seq, epoch: UInt64(attempts.count)) { $0.metrics = [block] })
        rows.append(row)
    }

    private mutating func value() -> Double {
        switch Int.random(in: 0..<60, using: &random) {
        case 0: .nan
        case 1: -.infinity
        default: Double(Int.random(in: -500...500, using: &random)) / 8
        }
    }

    /// The rows a reader at `moment` is to be shown, in the order they were stored.
    func visible(_ key: String, at moment: Int64?) -> [Row] {
        let begun = attempts.filter { $0.time <= moment ?? .max }
        return rows.filter { row in
            row.values[key] != nil && row.time <= moment ?? .max
                && !begun.contains { $0.number > row.attempt && row.step > $0.resumeStep }
        }
    }

    /// What a curve is, said the slow way: each row goes to its column, one after another.
    func curve(_ key: String, at moment: Int64?, columns: Int) -> Curve? {
        let rows = visible(key, at: moment)
        guard let first = rows.map(\.step).min(), let last = rows.map(\.step).max() else { return nil }
        var reduced = [ReducedColumn](repeating: ReducedColumn(), count: columns)
        var newest = [(attempt: Int, step: Int)](repeating: (0, -1), count: columns)
        for row in rows {
            let column = (row.step - first) * columns / (last - first + 1)
            guard let value = row.values[key], value.isFinite else {
                reduced[column].nonFinite += 1
                continue
            }
            let isFirst = reduced[column].count == 0
            reduced[column].count += 1
            reduced[column].low = isFirst ? value : min(reduced[column].low, value)
            reduced[column].high = isFirst ? value : max(reduced[column].high, value)
            reduced[column].mean += value
            if (row.attempt, row.step) >= newest[column] {
                newest[column] = (row.attempt, row.step)
                reduced[column].last = value
            }
        }
        // Eighths of whole numbers: their sums are exact, so the mean is too.
        for column in reduced.indices where reduced[column].count > 0 {
            reduced[column].mean /= Double(reduced[column].count)
        }
        return Curve(firstStep: first, lastStep: last, columns: reduced)
    }

    /// The last value of each series: that of its newest attempt's highest step.
    func lastValues(at moment: Int64?) -> [SeriesRow] {
        ["a", "b"].compactMap { key in
            let rows = visible(key, at: moment)
            guard var best = rows.first else { return nil }
            for row in rows where (row.attempt, row.step) >= (best.attempt, best.step) { best = row }
            return SeriesRow(
                key: key, count: rows.count, lastStep: best.step, lastTime: best.time, last: best.values[key] ?? .nan)
        }
    }

    var endTime: Int64 { time }
}
