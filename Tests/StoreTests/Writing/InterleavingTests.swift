import Protocol
import TestSupport
import Testing

@testable import Store

/// Senders, a network that repeats and loses, and a writer that dies: told apart from the store by a plain model.
private struct Traffic {
    struct Source: Hashable {
        let name: String
        let epoch: UInt64
    }

    private let folder = TemporaryFolder()
    private var path: String
    private var writer: RunWriter
    private var random: SplitMix
    private var crashes = 0
    /// The last number of each source that was appended, and that was committed.
    private var appended: [Source: UInt64] = [:]
    private(set) var committed: [Source: UInt64] = [:]
    private(set) var wrongOutcomes: [String] = []

    init(seed: UInt64) throws {
        random = SplitMix(seed: seed)
        path = folder.file("run0.sqlite")
        writer = try RunWriter.create(path: path, header: try RunBuilder.header())
        try writer.beginAttempt(1, resumeStep: 0, time: 0, reason: "")
    }

    mutating func run(events: Int) throws {
        for _ in 0..<events {
            switch Int.random(in: 0..<40, using: &random) {
            case 0: try crash()
            case 1...6:
                try writer.commit()
                committed = appended
            case 7:
                try writer.sealEverything()
                committed = appended
            default: try deliver()
            }
        }
        try writer.commit()
        committed = appended
        try writer.close()
    }

    private mutating func deliver() throws {
        let name = ["model_worker/0", "model_worker/1", "master_worker/0"].randomElement(using: &random) ?? ""
        let source = Source(name: name, epoch: UInt64.random(in: 1...2, using: &random))
        let last = appended[source] ?? 0
        let seq: UInt64 =
            switch Int.random(in: 0..<5, using: &random) {
            case 0: UInt64.random(in: 0...last, using: &random)
            case 1: last + UInt64.random(in: 2...9, using: &random)
            default: last + 1
            }
        let text = "\(name) \(source.epoch) \(seq)"
        let batch = Batch.of(seq: Int(seq), epoch: source.epoch, source: name) { batch in
            batch.logs = [Batch.log(text, time: Int64(seq))]
            batch.metrics = [Batch.block(Int(seq), [("\(name) \(source.epoch)", Double(seq))])]
        }
        let expected: AppendOutcome =
            seq == last + 1 ? .accepted(seq) : seq <= last ? .repeated(last) : .gap(last)
        let outcome = try writer.append(batch)
        if outcome != expected { wrongOutcomes.append("\(text): \(outcome), not \(expected)") }
        if seq == last + 1 { appended[source] = seq }
    }

    /// The file and its log as they are now, in another place, opened by another writer.
    private mutating func crash() throws {
        crashes += 1
        let name = "run\(crashes).sqlite"
        for suffix in ["", "-wal"] { folder.write(try FileBytes.read("\(path)\(suffix)"), to: "\(name)\(suffix)") }
        path = folder.file(name)
        writer = try RunWriter.open(path: path)
        appended = committed
    }

    func reader() throws -> StoredRun { try StoredRun.open(path: path) }

    func findings() throws -> [String] { try Integrity.check(path: path).findings }
}

@Suite struct InterleavingTests {
    @Test(arguments: [UInt64](1...10))
    func `whatever senders repeat, lose and the writer survives, each batch is stored once`(seed: UInt64) throws {
        var traffic = try Traffic(seed: seed)
        try traffic.run(events: 400)
        #expect(traffic.wrongOutcomes == [])
        let reader = try traffic.reader()
        let messages = try reader.logs(after: 0, limit: 10_000, level: .debug, worker: nil).map(\.message)
        let expected = traffic.committed.flatMap { source, last in
            last == 0 ? [] : (1...last).map { "\(source.name) \(source.epoch) \($0)" }
        }
        #expect(messages.sorted() == expected.sorted(), "seed \(seed)")
        for (source, last) in traffic.committed where last > 0 {
            let points = try reader.points(of: "\(source.name) \(source.epoch)")
            #expect(points.map(\.value) == (1...last).map { Double($0) }, "seed \(seed)")
        }
        #expect(try traffic.findings() == [])
    }

    @Test func `the first number of a source is one, and nothing comes after the last`() throws {
        let run = try RunBuilder()
        #expect(try run.writer.append(Batch.of(seq: 0)) == .repeated(0))
        #expect(try run.writer.append(Batch.of(seq: 2)) == .gap(0))
        #expect(try run.writer.append(Batch.of(seq: 1, epoch: .max)) == .accepted(1))
        try run.writer.commit()
        try run.writer.close()
        let again = try RunWriter.open(path: run.path)
        #expect(try again.lastSequence(source: Batch.source, epoch: .max) == 1)
        #expect(try again.append(Batch.of(seq: 1, epoch: .max)) == .repeated(1))
    }

    @Test func `attempts go on counting after a restart, and their rows keep apart`() throws {
        let run = try RunBuilder()
        try run.series("loss", [1, 2, 3, 4])
        try run.writer.close()
        for attempt in 2...4 {
            let writer = try RunWriter.open(path: run.path)
            #expect(try writer.attempt() == attempt - 1)
            try writer.beginAttempt(attempt, resumeStep: 2, time: Int64(attempt) * 10_000_000, reason: "lost")
            let batch = Batch.of(seq: 1, epoch: UInt64(attempt)) {
                $0.metrics = [Batch.block(3, [("loss", Double(attempt * 10))], time: Int64(attempt) * 10_000_001)]
            }
            #expect(try writer.append(batch) == .accepted(1))
            try writer.close()
        }
        let reader = try run.reader()
        #expect(try reader.points(of: "loss").map(\.value) == [1, 2, 40])
        let kinds = try reader.snapshot(RunQuery()).events.map(\.detail)
        #expect(kinds == ["first"] + (2...4).map { "attempt \($0) from step 2: lost" })
        let third = try reader.snapshot(RunQuery(playhead: .at(39_000_000)))
        #expect(third.attempt == 3)
        #expect(third.series.map(\.last) == [30])
    }
}

@Suite struct HostileBatchTests {
    @Test func `numbers at the ends of their range are bounded, and the run stays readable`() throws {
        let run = try RunBuilder()
        for (index, source) in ["a", "b", "c"].enumerated() {
            let batch = Batch.of(seq: 1, epoch: .max - UInt64(index), source: source) { batch in
                batch.dropped = .max
                var span = Batch.span(Int.max, start: .min, end: .max)
                span.step = .max
                span.tokens = .max
                span.sequences = .max
                span.weightVersion = .max
                batch.spans = [span]
                var buffer = WireBufferRecord()
                buffer.timeNs = .max
                buffer.size = .max
                buffer.ready = ["train": .max, "reward": 3]
                buffer.staleness = [.max, 5]
                batch.buffers = [buffer]
                var device = WireDeviceRecord()
                device.timeNs = .min
                device.utilisation = .nan
                device.memoryUsed = .max
                batch.devices = [device]
                var state = Batch.state(.running, time: .max, worker: source, pid: .min)
                state.restarts = .max
                state.step = .max
                state.weightVersion = .max
                batch.states = [state]
                batch.logs = [Batch.log("x", time: .min)]
                var checkpoint = Batch.checkpoint(1, time: .max)
                checkpoint.step = .max
                checkpoint.bytes = .max
                batch.checkpoints = [checkpoint]
            }
            #expect(try run.writer.append(batch) == .accepted(1))
        }
        try run.writer.commit()
        let query = RunQuery(timelineWindow: .max, columns: 7)
        let snapshot = try run.reader().snapshot(query)
        #expect(snapshot.endTime == 1 << 60)
        #expect(snapshot.droppedRecords > 1 << 62)
        #expect(snapshot.spans.map(\.start) == [0, 0, 0])
        #expect(snapshot.spans.map(\.end) == [1 << 60, 1 << 60, 1 << 60])
        #expect(snapshot.spans.map(\.tokens) == [.max, .max, .max])
        #expect(snapshot.buffer?.ready == ["train": .max, "reward": 3])
        #expect(snapshot.buffer?.staleness == [.max, 5])
        #expect(snapshot.workers.map(\.step) == [1 << 60, 1 << 60, 1 << 60])
        #expect(snapshot.logs.map(\.time) == [0, 0, 0])
        #expect(snapshot.damage == [])
        #expect(try Integrity.check(path: run.path).findings == [])
    }

    @Test func `words nobody knows are taken for the most careful ones`() throws {
        let run = try RunBuilder()
        let batch = Batch.of(seq: 1) { batch in
            batch.logs = [Batch.log("?", time: 1)]
            batch.logs[0].level = "shout"
            batch.states = [Batch.state(.running, time: 1)]
            batch.states[0].state = "confused"
        }
        _ = try run.writer.append(batch)
        try run.writer.commit()
        let snapshot = try run.reader().snapshot(RunQuery())
        #expect(snapshot.logs.map(\.level) == [.info])
        #expect(snapshot.workers.map(\.state) == [.failed])
    }

    @Test func `a state of nobody is left out`() throws {
        let run = try RunBuilder()
        try run.writer.append(local: LocalRecords(states: [Batch.state(.running, time: 1, worker: "")]))
        try run.writer.commit()
        #expect(try run.reader().snapshot(RunQuery()).workers == [])
    }

    @Test(
        arguments: [
            (["a", "b"], 0), (["a", "a"], 1), ([""], 1), ([String(repeating: "n", count: 256)], 0),
            ([String(repeating: "n", count: 257)], 1), ([String(repeating: "é", count: 129)], 1), ([], 1),
            ((0..<4096).map { "k\($0)" }, 0), ((0..<4097).map { "k\($0)" }, 1),
        ] as [([String], Int)])
    func `column sets within the limits are stored, others counted`(names: [String], malformed: Int) throws {
        let run = try RunBuilder()
        _ = try run.writer.append(
            Batch.of(seq: 1) { $0.metrics = [Batch.block(1, names.map { ($0, 1) })] })
        try run.writer.commit()
        let snapshot = try run.reader().snapshot(RunQuery(logLevel: .warning))
        #expect(snapshot.logs.count == malformed)
        #expect(snapshot.series.count == (malformed == 0 ? names.count : 0))
    }

    @Test func `more series than a run may have are refused, those it has go on`() throws {
        let run = try RunBuilder()
        for part in 0..<5 {
            let names = (0..<4000).map { ("k\(part * 4000 + $0)", 1.0) }
            try run.step(1, names, seq: part + 1)
        }
        try run.step(2, [("one too many", 1)], seq: 6)
        try run.step(3, (0..<4000).map { ("k\($0)", 2.0) }, seq: 7)
        try run.step(4, [("k1", 3), ("k9", 3)], seq: 8)
        let snapshot = try run.reader().snapshot(RunQuery(logLevel: .warning))
        #expect(snapshot.series.count == 20_000)
        #expect(snapshot.logs.map(\.message) == ["1 metric rows made no sense and were left out"])
        #expect(["k0", "k1"].map { key in snapshot.series.first { $0.key == key }?.last } == [2, 3])
    }
}
