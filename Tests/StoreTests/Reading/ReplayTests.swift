import Protocol
import TestSupport
import Testing

@testable import Store

/// Everything a random run says, kept as plain lists: what a snapshot at a time has to be a fold over.
private struct Story {
    var metrics: [(attempt: Int, step: Int, time: Int64, values: [String: Double])] = []
    var states: [WireWorkerStateRecord] = []
    var buffers: [WireBufferRecord] = []
    var devices: [WireDeviceRecord] = []
    var logs: [WireLogRecord] = []
    var spans: [WireSpanRecord] = []
    var statuses: [(status: TrialStatus, time: Int64)] = []
    var attempts: [Attempt] = [Attempt(number: 1, resumeStep: 0, time: 0)]

    /// The last value of each series: per attempt only what no later attempt begun by then has run again.
    func lastValues(at time: Int64) -> [String: Double] {
        let begun = attempts.filter { $0.time <= time }
        var newest: [String: (attempt: Int, step: Int, value: Double)] = [:]
        for row in metrics where row.time <= time {
            if begun.contains(where: { $0.number > row.attempt && row.step > $0.resumeStep }) { continue }
            for (key, value) in row.values {
                if let other = newest[key], (other.attempt, other.step) > (row.attempt, row.step) { continue }
                newest[key] = (row.attempt, row.step, value)
            }
        }
        return newest.mapValues(\.value)
    }
}

@Suite struct ReplayTests {
    /// Writes a random run and tells what it wrote; a record a tick of 10 ns.
    private func write(_ run: RunBuilder, seed: UInt64) throws -> Story {
        var random = SplitMix(seed: seed)
        var story = Story()
        var (seq, epoch, step) = (0, UInt64(1), 0)
        for tick in 1...700 {
            let time = Int64(tick) * 10
            seq += 1
            var batch = Batch.of(seq: seq, epoch: epoch)
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                let record = Batch.state(WorkerState.allCases.randomElement(using: &random) ?? .ready, time: time)
                batch.states = [record]
                story.states.append(record)
            case 1:
                var record = WireBufferRecord()
                record.timeNs = time
                record.size = UInt64.random(in: 0...64, using: &random)
                record.event = "put"
                record.ready = ["train": record.size]
                record.staleness = [record.size, 0]
                batch.buffers = [record]
                story.buffers.append(record)
            case 2:
                var record = WireDeviceRecord()
                record.timeNs = time
                record.device = "cpu"
                record.utilisation = Double.random(in: 0...1, using: &random)
                batch.devices = [record]
                story.devices.append(record)
            case 3:
                let record = Batch.log("tick \(tick)", time: time)
                batch.logs = [record]
                story.logs.append(record)
            case 4:
                let record = Batch.span(tick, start: time, end: time + Int64.random(in: 1...300, using: &random))
                batch.spans = [record]
                story.spans.append(record)
            case 5 where tick % 3 == 0:
                seq = 0
                epoch += 1
                step = Int.random(in: 0...step, using: &random)
                try run.writer.beginAttempt(Int(epoch), resumeStep: step, time: time, reason: "")
                story.attempts.append(Attempt(number: Int64(epoch), resumeStep: Int64(step), time: time))
                continue
            case 6 where tick % 3 == 0:
                seq -= 1
                let status = [TrialStatus.running, .paused].randomElement(using: &random) ?? .running
                try run.writer.setStatus(status, detail: "", time: time, orchestrator: nil)
                story.statuses.append((status, time))
                continue
            default:
                step += 1
                var values = ["loss": Double(tick), "lr": 0.5]
                if step % 7 == 0 { values["eval"] = Double(-tick) }
                batch.metrics = [
                    Batch.block(step, values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, time: time)
                ]
                story.metrics.append((Int(epoch), step, time, values))
            }
            _ = try run.writer.append(batch)
            if tick % 13 == 0 { try run.writer.commit() }
        }
        try run.writer.commit()
        return story
    }

    @Test(arguments: [UInt64](1...5))
    func `a snapshot at a time is a fold over the records up to it`(seed: UInt64) throws {
        let run = try RunBuilder()
        let story = try write(run, seed: seed)
        let reader = try run.reader()
        for time in stride(from: Int64(0), through: 7200, by: 257) {
            let snapshot = try reader.snapshot(RunQuery(playhead: .at(time), timelineWindow: 500, logLimit: 5))
            let comment = Comment("seed \(seed) time \(time)")
            let values = Dictionary(uniqueKeysWithValues: snapshot.series.map { ($0.key, $0.last) })
            #expect(values == story.lastValues(at: time), comment)
            let state = story.states.last { $0.timeNs <= time }
            #expect(snapshot.workers.first?.state.rawValue == state?.state, comment)
            let buffer = story.buffers.last { $0.timeNs <= time }
            #expect(snapshot.buffer?.size == buffer.map { Int($0.size) }, comment)
            #expect(snapshot.buffer?.staleness == buffer?.staleness.map { Int($0) }, comment)
            let device = story.devices.last { $0.timeNs <= time && $0.timeNs >= time - 500 }
            #expect(snapshot.devices.first?.utilisation == device?.utilisation, comment)
            #expect(
                snapshot.logs.map(\.message) == story.logs.filter { $0.timeNs <= time }.suffix(5).map(\.message),
                comment)
            let spans = story.spans.filter { $0.startNs <= time && $0.endNs >= time - 500 }
            #expect(snapshot.spans.map(\.start) == spans.map(\.startNs), comment)
            // Who is cut off there has not ended by itself.
            let ends = snapshot.spans.map { $0.isCut ? nil : $0.end }
            #expect(ends == spans.map { $0.endNs > time ? nil : $0.endNs }, comment)
            #expect(snapshot.spans.allSatisfy { $0.end ?? 0 <= time }, comment)
            #expect(snapshot.status == story.statuses.last { $0.time <= time }?.status ?? .pending, comment)
            #expect(snapshot.attempt == story.attempts.last { $0.time <= time }.map { Int($0.number) } ?? 0, comment)
        }
    }

    @Test func `the head is the same as a replay at the end`() throws {
        let run = try RunBuilder()
        _ = try write(run, seed: 99)
        let reader = try run.reader()
        let query = RunQuery(timelineWindow: 2000, metrics: ["loss", "eval"], columns: 30)
        let head = try reader.snapshot(query)
        var replay = query
        replay.playhead = .at(head.endTime)
        #expect(try reader.snapshot(replay) == head)
    }

    @Test func `before anything happened there is nothing`() throws {
        let run = try RunBuilder()
        try run.step(1, [("loss", 1)], seq: 1)
        let snapshot = try run.reader().snapshot(RunQuery(playhead: .at(-5), metrics: ["loss"]))
        #expect(snapshot.status == .pending)
        #expect(snapshot.series == [])
        #expect(snapshot.curves == [:])
        #expect(snapshot.step == 0)
        #expect(snapshot.endTime == 1_000_000)
    }
}

@Suite struct SteppingTests {
    private func run() throws -> RunBuilder {
        let run = try RunBuilder()
        _ = try run.writer.append(
            Batch.of(seq: 1) { batch in
                batch.spans = [Batch.span(1, start: 100, end: 300)]
                batch.states = [Batch.state(.running, time: 200)]
            })
        for step in 1...300 {
            try run.step(step, [("timeperf/e2e", 1)], seq: step + 1, time: Int64(1000 + step * 10))
        }
        return run
    }

    @Test(arguments: [(-1, 0), (0, 100), (100, 200), (200, nil)] as [(Int64, Int64?)])
    func `an event forward is the next start, state change or lifecycle event`(from: Int64, expected: Int64?) throws {
        #expect(try run().reader().eventTime(.forward, from: from, stop: .event) == expected)
    }

    @Test(arguments: [(5000, 200), (200, 100), (100, 0), (0, nil)] as [(Int64, Int64?)])
    func `and backward the last before`(from: Int64, expected: Int64?) throws {
        #expect(try run().reader().eventTime(.backward, from: from, stop: .event) == expected)
    }

    @Test(arguments: [(0, 1010), (1010, 1020), (3555, 3560), (3560, 3570), (4000, nil)] as [(Int64, Int64?)])
    func `a step forward is the next completed step, sealed or not`(from: Int64, expected: Int64?) throws {
        #expect(try run().reader().eventTime(.forward, from: from, stop: .step) == expected)
    }

    @Test(arguments: [(5000, 4000), (3570, 3560), (1010, nil)] as [(Int64, Int64?)])
    func `a step backward is the one before`(from: Int64, expected: Int64?) throws {
        #expect(try run().reader().eventTime(.backward, from: from, stop: .step) == expected)
    }

    @Test func `the step shown is the last one the master completed`() throws {
        let run = try run()
        try run.step(999, [("sft/loss", 1)], seq: 302, time: 9000)
        #expect(try run.reader().snapshot(RunQuery()).step == 300)
        #expect(try run.reader().snapshot(RunQuery(playhead: .at(1500))).step == 50)
    }
}
