import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct SpanTests {
    @Test func `a begin and its end are one span`() throws {
        let run = try RunBuilder()
        _ = try run.writer.append(Batch.of(seq: 1) { $0.spans = [Batch.span(7, start: 100)] })
        try run.writer.commit()
        #expect(try run.reader().snapshot(RunQuery()).spans.map(\.end) == [nil])
        var end = Batch.span(7, start: 100, end: 250)
        end.tokens = 64
        _ = try run.writer.append(Batch.of(seq: 2) { $0.spans = [end] })
        try run.writer.commit()
        let spans = try run.reader().snapshot(RunQuery()).spans
        #expect(spans.map(\.end) == [250])
        #expect(spans.map(\.tokens) == [64])
        #expect(spans.map(\.mfc) == ["train"])
    }

    @Test func `an end that overtook its begin is kept`() throws {
        let run = try RunBuilder()
        _ = try run.writer.append(
            Batch.of(seq: 1) { $0.spans = [Batch.span(7, start: 100, end: 250), Batch.span(7, start: 100)] })
        try run.writer.commit()
        #expect(try run.reader().snapshot(RunQuery()).spans.map(\.end) == [250])
    }

    @Test func `a span that began before the window is there while it reaches into it`() throws {
        let run = try RunBuilder()
        _ = try run.writer.append(
            Batch.of(seq: 1) { batch in
                batch.spans = [
                    Batch.span(1, start: 100, end: 1_000), Batch.span(2, start: 100, end: 6_000),
                    Batch.span(3, start: 100),
                    Batch.span(4, start: 6_500, end: 7_000),
                ]
            })
        try run.writer.commit()
        let spans = try run.reader().snapshot(RunQuery(timelineWindow: 2_000)).spans
        #expect(spans.map(\.end) == [6_000, nil, 7_000])
    }

    @Test func `a span its worker died in leaves the window with its attempt`() throws {
        let run = try RunBuilder()
        _ = try run.writer.append(Batch.of(seq: 1) { $0.spans = [Batch.span(1, start: 100)] })
        try run.writer.beginAttempt(2, resumeStep: 0, time: 500, reason: "")
        _ = try run.writer.append(Batch.of(seq: 1, epoch: 2) { $0.spans = [Batch.span(1, start: 9_000, end: 9_500)] })
        try run.writer.commit()
        let reader = try run.reader()
        #expect(try reader.snapshot(RunQuery(timelineWindow: 2_000)).spans.map(\.attempt) == [2])
        #expect(try reader.snapshot(RunQuery(timelineWindow: 9_400)).spans.map(\.attempt) == [1, 2])
    }

    @Test func `a span its worker died in ends with it, at the latest where the next attempt begins`() throws {
        let run = try RunBuilder()
        _ = try run.writer.append(Batch.of(seq: 1) { $0.spans = [Batch.span(1, start: 100)] })
        try run.writer.commit()
        func ends() throws -> [[Int64?]] {
            try run.reader().snapshot(RunQuery()).spans.map { [$0.end, $0.isCut ? 1 : 0] }
        }
        #expect(try ends() == [[nil, 0]])
        try run.writer.beginAttempt(2, resumeStep: 0, time: 500, reason: "")
        try run.writer.commit()
        #expect(try ends() == [[500, 1]])
        let death = LifecycleRow(time: 300, kind: "worker_failed", worker: "model_worker/0", detail: "signal 9")
        try run.writer.append(local: LocalRecords(lifecycle: [death]))
        try run.writer.commit()
        #expect(try ends() == [[300, 1]])
    }

    @Test func `a span that is open where its trial has ended ends there`() throws {
        let run = try RunBuilder()
        _ = try run.writer.append(
            Batch.of(seq: 1) { $0.spans = [Batch.span(1, start: 100), Batch.span(2, start: 100, end: 700)] })
        try run.writer.setStatus(.failed, detail: "", time: 900, orchestrator: nil)
        let spans = try run.reader().snapshot(RunQuery()).spans
        #expect(spans.map(\.end) == [900, 700])
        #expect(spans.map(\.isCut) == [true, false])
    }
}

@Suite struct WorkerStateTests {
    @Test func `what one sender does not know is kept from the other`() throws {
        let run = try RunBuilder()
        var spawned = Batch.state(.starting, time: 1, pid: 4711)
        spawned.restarts = 2
        try run.writer.append(local: LocalRecords(states: [spawned]))
        var working = Batch.state(.running, time: 2, worker: "")
        working.step = 9
        working.mfc = "train"
        working.weightVersion = 3
        _ = try run.writer.append(Batch.of(seq: 1) { $0.states = [working] })
        try run.writer.commit()
        let workers = try run.reader().snapshot(RunQuery()).workers
        #expect(
            workers == [
                WorkerRow(
                    id: Batch.source, state: .running, detail: "", mfc: "train", step: 9, pid: 4711, restarts: 2,
                    weightVersion: 3, time: 2)
            ])
    }

    @Test func `a record that says nothing new is a sign of life and no event`() throws {
        let run = try RunBuilder()
        for time in [5, 6, 900] as [Int64] {
            try run.writer.append(local: LocalRecords(states: [Batch.state(.running, time: time)]))
        }
        try run.writer.commit()
        let reader = try run.reader()
        #expect(try reader.snapshot(RunQuery()).workers.map(\.time) == [900])
        #expect(try reader.snapshot(RunQuery(playhead: .at(100))).workers.map(\.time) == [5])
        #expect(try reader.eventTime(.forward, from: 5, stop: .event) == nil)
    }

    @Test func `a record that was long under way does not undo a newer one`() throws {
        let run = try RunBuilder()
        try run.writer.append(local: LocalRecords(states: [Batch.state(.failed, time: 10)]))
        _ = try run.writer.append(Batch.of(seq: 1) { $0.states = [Batch.state(.running, time: 5)] })
        try run.writer.commit()
        #expect(try run.reader().snapshot(RunQuery()).workers.map(\.state) == [.failed])
    }

    @Test func `workers are listed master first, then by number`() throws {
        let run = try RunBuilder()
        let ids = ["model_worker/10", "model_worker/2", "other", "master_worker/0"]
        try run.writer.append(local: LocalRecords(states: ids.map { Batch.state(.ready, time: 1, worker: $0) }))
        try run.writer.commit()
        let expected = ["master_worker/0", "model_worker/2", "model_worker/10", "other"]
        #expect(try run.reader().snapshot(RunQuery()).workers.map(\.id) == expected)
    }
}

@Suite struct StatusTests {
    @Test func `a status is an event once, and the orchestrator's process goes with it`() throws {
        let run = try RunBuilder(attempt: nil)
        let process = ProcessIdentity(pid: 12, startTicks: .max)
        try run.writer.setStatus(.running, detail: "", time: 1, orchestrator: process)
        try run.writer.setStatus(.running, detail: "", time: 2, orchestrator: process)
        let reader = try run.reader()
        #expect(try reader.snapshot(RunQuery()).events.map(\.kind) == ["running"])
        #expect(try reader.catalogEntry().orchestrator == process)
        try run.writer.setStatus(.failed, detail: "model_worker/0: signal 9", time: 3, orchestrator: nil)
        let snapshot = try reader.snapshot(RunQuery())
        #expect(snapshot.status == .failed)
        #expect(snapshot.statusDetail == "model_worker/0: signal 9")
        #expect(try reader.catalogEntry().orchestrator == nil)
    }

    @Test func `a status is stored at once with what was pending`() throws {
        let run = try RunBuilder()
        _ = try run.writer.append(Batch.of(seq: 1) { $0.metrics = [Batch.block(1, [("loss", 1)])] })
        try run.writer.setStatus(.completed, detail: "", time: 9, orchestrator: nil)
        #expect(run.writer.hasPending == false)
        let survivor = try StoredRun.open(path: try run.crashed())
        #expect(try survivor.snapshot(RunQuery()).status == .completed)
        #expect(try survivor.points(of: "loss").count == 1)
    }

    @Test func `checkpoints a later attempt went back behind are not offered`() throws {
        let run = try RunBuilder()
        _ = try run.writer.append(
            Batch.of(seq: 1) { $0.checkpoints = [Batch.checkpoint(10, time: 1), Batch.checkpoint(20, time: 2)] })
        try run.writer.commit()
        #expect(try run.reader().snapshot(RunQuery()).checkpoints.map(\.step) == [10, 20])
        try run.writer.beginAttempt(2, resumeStep: 10, time: 3, reason: "")
        #expect(try run.reader().snapshot(RunQuery()).checkpoints.map(\.step) == [10])
    }

    @Test func `records a source had to drop are counted over all its attempts`() throws {
        let run = try RunBuilder()
        for (epoch, dropped) in [(1, 5), (1, 7), (2, 3)] as [(UInt64, UInt64)] {
            let seq = try run.writer.lastSequence(source: Batch.source, epoch: epoch) + 1
            _ = try run.writer.append(Batch.of(seq: Int(seq), epoch: epoch) { $0.dropped = dropped })
        }
        try run.writer.commit()
        #expect(try run.reader().snapshot(RunQuery()).droppedRecords == 10)
    }
}

@Suite struct LogTests {
    private func run() throws -> RunBuilder {
        let run = try RunBuilder()
        let records = (1...50).map { (line: Int) -> WireLogRecord in
            let level: LogLevel = line % 10 == 0 ? .error : .debug
            return Batch.log("line \(line)", level: level, time: Int64(line), worker: line % 2 == 0 ? "a" : "")
        }
        _ = try run.writer.append(Batch.of(seq: 1) { $0.logs = records })
        try run.writer.commit()
        return run
    }

    @Test func `the newest records come, oldest first`() throws {
        let logs = try run().reader().snapshot(RunQuery(logLimit: 3)).logs
        #expect(logs.map(\.message) == ["line 48", "line 49", "line 50"])
        #expect(logs.map(\.worker) == ["a", "model_worker/0", "a"])
    }

    @Test func `level and worker narrow them`() throws {
        let reader = try run().reader()
        let errors = try reader.snapshot(RunQuery(logLimit: 2, logLevel: .warning)).logs
        #expect(errors.map(\.message) == ["line 40", "line 50"])
        #expect(try reader.snapshot(RunQuery(logLevel: .warning, logWorker: "b")).logs == [])
    }

    @Test func `following goes on after the last one seen`() throws {
        let reader = try run().reader()
        let first = try reader.logs(after: 0, limit: 2, level: .debug, worker: nil)
        #expect(first.map(\.message) == ["line 1", "line 2"])
        let next = try reader.logs(after: first.last?.id ?? 0, limit: 1, level: .error, worker: "a")
        #expect(next.map(\.message) == ["line 10"])
    }
}

@Suite struct HostileTextTests {
    private static let texts = [
        "'; DROP TABLE log; --", "nul\u{0}inside", "\u{1b}[2J\u{7}", "\u{202e}rtl", "%s%n", "", "a\"b`c", "训练",
        String(repeating: "x", count: 100_000),
    ]

    @Test(arguments: texts)
    func `text comes back as it went in, whatever it says`(text: String) throws {
        let run = try RunBuilder()
        var span = Batch.span(1, mfc: text, start: 1, end: 2)
        span.role = text
        _ = try run.writer.append(
            Batch.of(seq: 1, source: "s\(text)") { batch in
                batch.logs = [Batch.log(text)]
                batch.spans = [span]
                var buffer = WireBufferRecord()
                buffer.event = text
                buffer.ready = [text: 3]
                batch.buffers = [buffer]
            })
        try run.writer.append(local: LocalRecords(states: [Batch.state(.ready, time: 1, worker: "w\(text)")]))
        try run.writer.commit()
        let reader = try run.reader()
        let snapshot = try reader.snapshot(RunQuery())
        #expect(snapshot.logs.map(\.message) == [text])
        #expect(snapshot.spans.map(\.mfc) == [text])
        #expect(snapshot.buffer?.event == text)
        #expect(snapshot.buffer?.ready == [text: 3])
        #expect(snapshot.workers.map(\.id) == ["w\(text)"])
        #expect(try reader.logs(after: 0, limit: 9, level: .debug, worker: "s\(text)").count == 1)
        #expect(try run.writer.lastSequence(source: "s\(text)", epoch: 1) == 1)
    }

    @Test func `hostile series names are names`() throws {
        let run = try RunBuilder()
        let names = ["a'; DROP TABLE series; --", "nul\u{0}inside", "\u{1b}]0;title\u{7}", "训练"]
        try run.step(1, names.map { ($0, 1) }, seq: 1)
        #expect(try Set(run.reader().snapshot(RunQuery()).series.map(\.key)) == Set(names))
        for name in names { #expect(try run.reader().points(of: name).count == 1) }
    }
}

@Suite struct DeviceTests {
    @Test func `the newest sample of each device and process is shown with its history`() throws {
        let run = try RunBuilder()
        var samples: [WireDeviceRecord] = []
        for second in 1...10 {
            for worker in ["", "model_worker/0"] {
                var record = WireDeviceRecord()
                record.timeNs = Int64(second) * 1_000_000_000
                record.device = "cpu"
                record.worker = worker
                record.utilisation = Double(second) / 10
                record.memoryUsed = UInt64(second)
                samples.append(record)
            }
        }
        _ = try run.writer.append(Batch.of(seq: 1) { $0.devices = samples })
        try run.writer.commit()
        let devices = try run.reader().snapshot(RunQuery(timelineWindow: 4_000_000_000, columns: 5)).devices
        #expect(devices.map(\.worker) == ["", "model_worker/0"])
        #expect(devices.map(\.memoryUsed) == [10, 10])
        #expect(devices[0].history.map(\.count) == [1, 1, 1, 1, 1])
        #expect(devices[0].history.map(\.last) == [0.6, 0.7, 0.8, 0.9, 1.0])
    }
}
