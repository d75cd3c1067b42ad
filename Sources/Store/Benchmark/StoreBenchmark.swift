import Glibc
import Protocol

/// What one run of the store's benchmark measured.
package struct StoreBenchmarkResult: Sendable, Equatable, Codable {
    package var series: Int
    package var steps: Int
    /// Values appended and committed a second, the making of the batches not counted.
    package var valuesPerSecond: Double
    package var cpuSecondsPerMillionValues: Double
    /// Size of the closed file, less that of an empty run, over the values.
    package var bytesPerValue: Double
    package var worstCommitMilliseconds: Double
    /// Median time to reduce one series of `reducedPoints` to `reducedColumns` columns, the file already open.
    package var reduceMilliseconds: Double
    package var reducedPoints: Int
    package var reducedColumns: Int
}

/// Measures the store in this process: appending metrics, their size, and a reduced read.
///
/// `Benchmarks/Store/peer_sqlite.py` does the same work with the same series in plain rows.
package enum StoreBenchmark {
    /// Writes `steps` steps of `series` series, a commit each 100, and reduces one of `points` points.
    /// - Parameter folder: an empty folder; two runs are left in it.
    package static func run(
        in folder: String, series: Int = 100, steps: Int = 10_000, points: Int = 100_000, columns: Int = 200
    ) throws(StoreError) -> StoreBenchmarkResult {
        let empty = try write("\(folder)/empty.sqlite", series: series, steps: 0)
        let written = try write("\(folder)/ingest.sqlite", series: series, steps: steps)
        _ = try write("\(folder)/read.sqlite", series: 20, steps: points)
        let values = Double(series * steps)
        return StoreBenchmarkResult(
            series: series, steps: steps, valuesPerSecond: values / written.seconds,
            cpuSecondsPerMillionValues: written.cpuSeconds / values * 1e6,
            bytesPerValue: Double(written.bytes - empty.bytes) / values,
            worstCommitMilliseconds: written.worstCommit * 1e3,
            reduceMilliseconds: try reduce("\(folder)/read.sqlite", columns: columns) * 1e3, reducedPoints: points,
            reducedColumns: columns)
    }

    private struct Written {
        var seconds = 0.0
        var cpuSeconds = 0.0
        var worstCommit = 0.0
        var bytes = 0
    }

    private static func write(_ path: String, series: Int, steps: Int) throws(StoreError) -> Written {
        let header: RunHeader
        do {
            let id = TrialID(experiment: try ExperimentName("bench"), trial: try TrialName("store"))
            header = RunHeader(
                id: id, startedWall: 0, seed: 1, totalSteps: steps, settings: [:], workers: [], lanes: [])
        } catch {
            throw StoreError(.database, path: path, detail: error.summary)
        }
        let writer = try RunWriter.create(path: path, header: header)
        var workload = BenchmarkWorkload(series: series)
        var written = Written()
        for start in stride(from: 1, through: steps, by: 100) {
            let batch = workload.batch(steps: start..<min(start + 100, steps + 1), seq: UInt64(start / 100 + 1))
            let (begin, cpuBegin) = (now(CLOCK_MONOTONIC), now(CLOCK_PROCESS_CPUTIME_ID))
            _ = try writer.append(batch)
            let beforeCommit = now(CLOCK_MONOTONIC)
            try writer.commit()
            let end = now(CLOCK_MONOTONIC)
            written.seconds += end - begin
            written.cpuSeconds += now(CLOCK_PROCESS_CPUTIME_ID) - cpuBegin
            written.worstCommit = max(written.worstCommit, end - beforeCommit)
        }
        let begin = now(CLOCK_MONOTONIC)
        try writer.close()
        written.seconds += now(CLOCK_MONOTONIC) - begin
        var information = stat()
        guard stat(path, &information) == 0 else { throw StoreError(.notFound, path: path) }
        written.bytes = Int(information.st_size)
        return written
    }

    private static func reduce(_ path: String, columns: Int) throws(StoreError) -> Double {
        let run = try StoredRun.open(path: path)
        var seconds: [Double] = []
        for index in 0..<20 {
            let begin = now(CLOCK_MONOTONIC)
            let query = RunQuery(metrics: [BenchmarkWorkload.name(of: index)], columns: columns, logLimit: 0)
            _ = try run.snapshot(query)
            seconds.append(now(CLOCK_MONOTONIC) - begin)
        }
        return seconds.sorted()[seconds.count / 2]
    }

    private static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// Five kinds of series in equal parts: noisy float32 loss, float64 learning rate, token counts, float32 seconds, and
/// a gauge of small numbers.
struct BenchmarkWorkload {
    private let series: Int
    private let names: [String]
    private var state: UInt64 = 42

    init(series: Int) {
        self.series = series
        names = (0..<series).map(Self.name)
    }

    static func name(of series: Int) -> String {
        "\(["loss", "lr", "n_tokens", "seconds", "gauge"][series % 5])/\(series)"
    }

    mutating func batch(steps: Range<Int>, seq: UInt64) -> WireTelemetryBatch {
        var block = WireMetricBlock()
        block.names = names
        for step in steps {
            var row = WireMetricRow()
            row.step = UInt64(step)
            row.timeNs = Int64(step) * 10_000_000 + Int64(uniform() * 100_000)
            row.values = (0..<series).map { value(of: $0, step: step) }
            block.rows.append(row)
        }
        var batch = WireTelemetryBatch()
        batch.version = WireVersion.current
        batch.source = "model_worker/0"
        batch.epoch = 1
        batch.seq = seq
        batch.metrics = [block]
        return batch
    }

    private mutating func value(of index: Int, step: Int) -> Double {
        switch index % 5 {
        case 0: Double(Float(4 / (1 + Double(step) / 500) + 0.1 * uniform()))
        case 1: 3e-4 * 0.5 * (1 + cos(Double.pi * Double(step) / 100_000))
        case 2: (4096 + 512 * uniform()).rounded()
        case 3: Double(Float(0.25 + 0.05 * uniform()))
        default: (16 * uniform()).rounded(.down)
        }
    }

    /// A number in 0..<1 from a linear congruence: the same series on every machine, and cheap.
    private mutating func uniform() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) * 0x1p-53
    }
}
