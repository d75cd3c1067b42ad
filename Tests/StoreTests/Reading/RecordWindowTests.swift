import Protocol
import TestSupport
import Testing

@testable import Store

/// Records of every kind in random order of arrival, kept also as plain lists.
private struct Records {
    private static let workers = ["master_worker/0", "model_worker/0", "model_worker/1"]
    private static let levels = [LogLevel.debug, .info, .warning, .error]

    let run: RunBuilder
    private(set) var logs: [WireLogRecord] = []
    private(set) var spans: [(worker: String, record: WireSpanRecord)] = []
    private(set) var devices: [WireDeviceRecord] = []
    private(set) var buffers: [WireBufferRecord] = []
    private(set) var states: [WireWorkerStateRecord] = []
    private var random: SplitMix

    init(seed: UInt64) throws {
        run = try RunBuilder()
        random = SplitMix(seed: seed)
        var seqs: [String: Int] = [:]
        for number in 1...300 {
            let worker = Self.workers.randomElement(using: &random) ?? ""
            seqs[worker, default: 0] += 1
            let time = Int64.random(in: 0...5000, using: &random)
            let batch = record(number, worker, time, Batch.of(seq: seqs[worker] ?? 0, source: worker))
            _ = try run.writer.append(batch)
        }
        try run.writer.commit()
    }

    private mutating func record(
        _ number: Int, _ worker: String, _ time: Int64, _ batch: WireTelemetryBatch
    ) -> WireTelemetryBatch {
        var batch = batch
        switch number % 5 {
        case 0:
            let level = Self.levels.randomElement(using: &random) ?? .info
            batch.logs = [Batch.log("line \(number)", level: level, time: time, worker: worker)]
            logs += batch.logs
        case 1:
            batch.spans = [Batch.span(number, start: time, end: time + .random(in: 1...200, using: &random))]
            spans += batch.spans.map { (worker, $0) }
        case 2:
            var record = WireDeviceRecord()
            record.timeNs = time
            record.device = ["cpu", "gpu0"].randomElement(using: &random) ?? ""
            record.worker = ["", worker].randomElement(using: &random) ?? ""
            record.utilisation = Double(number)
            batch.devices = [record]
            devices.append(record)
        case 3:
            var record = WireBufferRecord()
            record.timeNs = time
            record.size = UInt64(number)
            batch.buffers = [record]
            buffers.append(record)
        default:
            batch.states = [Batch.state(.running, time: time, worker: worker, pid: Int32(number))]
            states += batch.states
        }
        return batch
    }

    /// The newest of the records at or before a moment; of those at one time the one that came last.
    static func newest<T>(_ records: [T], _ time: (T) -> Int64, at moment: Int64) -> T? {
        var best: T?
        for record in records where time(record) <= moment {
            if let best, time(best) > time(record) { continue }
            best = record
        }
        return best
    }
}

@Suite struct RecordWindowTests {
    private func queries(_ seed: UInt64) -> [RunQuery] {
        var random = SplitMix(seed: seed &* 77)
        return (0..<12).map { _ in
            RunQuery(
                playhead: .at(.random(in: 0...5200, using: &random)),
                timelineWindow: .random(in: 1...3000, using: &random), columns: .random(in: 1...40, using: &random),
                logLimit: .random(in: 0...30, using: &random),
                logLevel: LogLevel.allCases.randomElement(using: &random) ?? .debug,
                logWorker: [nil, "master_worker/0", "nobody"].randomElement(using: &random) ?? nil)
        }
    }

    private func moment(_ query: RunQuery) -> Int64 { if case .at(let moment) = query.playhead { moment } else { 0 } }

    @Test(arguments: [UInt64](1...6))
    func `log records are those of the level and worker up to the playhead, the newest of them`(seed: UInt64) throws {
        let records = try Records(seed: seed)
        let reader = try records.run.reader()
        for query in queries(seed) {
            let expected = records.logs.enumerated().filter { _, log in
                log.timeNs <= moment(query) && query.logWorker ?? log.worker == log.worker
                    && LogLevel(rawValue: log.level) ?? .info >= query.logLevel
            }.sorted { ($0.element.timeNs, $0.offset) < ($1.element.timeNs, $1.offset) }.map(\.element.message)
            #expect(try reader.snapshot(query).logs.map(\.message) == expected.suffix(query.logLimit), "\(query)")
        }
    }

    @Test(arguments: [UInt64](1...6))
    func `spans are those that touch the window, running where they end after the playhead`(seed: UInt64) throws {
        let records = try Records(seed: seed)
        let reader = try records.run.reader()
        for query in queries(seed) {
            let right = moment(query), left = right - query.timelineWindow
            let expected = records.spans.enumerated().filter { _, span in
                span.record.startNs <= right && (span.record.endNs > right || span.record.endNs >= left)
            }.sorted { ($0.element.record.startNs, $0.offset) < ($1.element.record.startNs, $1.offset) }.map(\.element)
            let spans = try reader.snapshot(query).spans
            #expect(spans.map(\.start) == expected.map(\.record.startNs), "\(query)")
            #expect(spans.map(\.worker) == expected.map(\.worker))
            #expect(spans.map(\.end) == expected.map { $0.record.endNs > right ? nil : $0.record.endNs })
        }
    }

    @Test(arguments: [UInt64](1...6))
    func `devices are the newest sample of each in the window, with every sample in their history`(seed: UInt64) throws
    {
        let records = try Records(seed: seed)
        let reader = try records.run.reader()
        for query in queries(seed) {
            let right = moment(query), left = right - query.timelineWindow
            let inside = records.devices.filter { $0.timeNs >= left && $0.timeNs <= right }
            let keys = Set(inside.map { [$0.device, $0.worker] }).sorted { $0.lexicographicallyPrecedes($1) }
            let devices = try reader.snapshot(query).devices
            #expect(devices.map { [$0.device, $0.worker] } == keys, "\(query)")
            for device in devices {
                let own = inside.filter { $0.device == device.device && $0.worker == device.worker }
                #expect(device.utilisation == Records.newest(own, \.timeNs, at: right)?.utilisation)
                #expect(device.history.reduce(0) { $0 + $1.count } == own.count)
                #expect(device.history.last { $0.count > 0 }?.last == device.utilisation)
                #expect(device.history.count == query.columns)
            }
        }
    }

    @Test(arguments: [UInt64](1...6))
    func `the buffer and the workers are as their newest record says`(seed: UInt64) throws {
        let records = try Records(seed: seed)
        let reader = try records.run.reader()
        for query in queries(seed) {
            let right = moment(query), left = right - query.timelineWindow
            let snapshot = try reader.snapshot(query)
            let newest = Records.newest(records.buffers, \.timeNs, at: right)
            #expect(snapshot.buffer?.size == newest.map { Int($0.size) }, "\(query)")
            let inside = records.buffers.filter { $0.timeNs >= left && $0.timeNs <= right }
            #expect(snapshot.bufferHistory.reduce(0) { $0 + $1.count } == inside.count)
            #expect(snapshot.bufferHistory.map(\.high).max() == max(0, inside.map { Double($0.size) }.max() ?? 0))
            for worker in ["master_worker/0", "model_worker/0", "model_worker/1"] {
                let own = records.states.filter { $0.worker == worker }
                let shown = snapshot.workers.first { $0.id == worker }
                #expect(shown?.time == Records.newest(own, \.timeNs, at: right)?.timeNs, "\(worker) \(query)")
            }
        }
    }

    @Test(arguments: [UInt64](1...4))
    func `single steps of a replay stop at every event once, both ways`(seed: UInt64) throws {
        let records = try Records(seed: seed)
        let reader = try records.run.reader()
        let times = Set([0] + records.spans.map(\.record.startNs) + records.states.map(\.timeNs)).sorted()
        var walked: [Int64] = []
        var at: Int64 = -1
        while let next = try reader.eventTime(.forward, from: at, stop: .event) {
            walked.append(next)
            at = next
        }
        #expect(walked == times)
        walked = []
        at = 10_000
        while let next = try reader.eventTime(.backward, from: at, stop: .event) {
            walked.append(next)
            at = next
        }
        #expect(walked == times.reversed())
    }
}

/// What a snapshot says of the records it has no room for.
@Suite struct SnapshotLimitTests {
    @Test func `a run within the limits is cut nowhere`() throws {
        let run = try RunBuilder()
        _ = try run.writer.append(Batch.of(seq: 1) { $0.spans = (1...4095).map { Batch.span($0, start: Int64($0)) } })
        try run.writer.commit()
        #expect(try run.reader().snapshot(RunQuery()).cuts == SnapshotCuts())
    }

    @Test func `a snapshot says since when it has all spans and events, of the window that was asked for`() throws {
        let run = try RunBuilder()
        _ = try run.writer.append(Batch.of(seq: 1) { $0.spans = (1...5000).map { Batch.span($0, start: Int64($0)) } })
        try run.writer.append(
            local: LocalRecords(
                lifecycle: (1...600).map { LifecycleRow(time: Int64($0), kind: "k", worker: "", detail: "") }))
        try run.writer.commit()
        let snapshot = try run.reader().snapshot(RunQuery())
        #expect(snapshot.cuts == SnapshotCuts(spansBefore: 905, eventsBefore: 89))
        #expect(snapshot.spans.count == 4096)
        #expect(try run.reader().snapshot(RunQuery(timelineWindow: 1000)).cuts.spansBefore == nil)
    }
}
