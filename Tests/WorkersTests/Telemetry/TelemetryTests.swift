import Foundation
import Logging
import Protocol
import Synchronization
import TestSupport
import Testing

@testable import Workers

@Suite struct TelemetryBatcherTests {
    private func row(_ step: UInt64, _ names: [String]) -> TelemetryRecord {
        .metrics(step: step, time: Int64(step) * 10, names.map { Metric($0, Double(step)) })
    }

    @Test func `steps with equal series share their names`() {
        let batches = TelemetryBatcher.batches(of: [row(1, ["b", "a"]), row(2, ["a", "b"]), row(3, ["c"])])
        #expect(batches.count == 1)
        #expect(batches[0].metrics.map(\.names) == [["a", "b"], ["c"]])
        #expect(batches[0].metrics[0].rows.map(\.step) == [1, 2])
        #expect(batches[0].metrics[0].rows[1].timeNs == 20)
    }

    @Test func `a batch holds 256 rows at most`() {
        let batches = TelemetryBatcher.batches(of: (1...600).map { row(UInt64($0), ["x"]) })
        #expect(batches.map { $0.metrics[0].rows.count } == [256, 256, 88])
    }

    @Test func `a batch is about a megabyte at most`() {
        let line = filled(WireLogRecord()) { $0.message = String(repeating: "x", count: 400_000) }
        let batches = TelemetryBatcher.batches(of: Array(repeating: .log(line), count: 5))
        #expect(batches.map(\.logs.count) == [2, 2, 1])
    }

    @Test func `no records make no batch`() {
        #expect(TelemetryBatcher.batches(of: []).isEmpty)
    }
}

@Suite struct TelemetryQueueTests {
    @Test func `a full queue drops log records and counts them`() throws {
        let queue = try TelemetryQueue(limit: 2)
        for _ in 1...5 { queue.append(.log(WireLogRecord())) }
        #expect(queue.count == 2)
        #expect(queue.dropped == 3)
        #expect(queue.drain().count == 2)
        queue.append(.metrics(step: 6, time: 0, []))
        #expect(queue.count == 1)
    }

    @Test func `a full queue lets what a curve needs wait until there is room, in order`() throws {
        let queue = try TelemetryQueue(limit: 2)
        let trainer = try OwnThread(name: "test") {
            for step in UInt64(1)...50 { queue.append(.metrics(step: step, time: 0, [])) }
        }
        var steps: [UInt64] = []
        while steps.count < 50 {
            #expect(queue.count <= 2)
            for case .metrics(let step, _, _) in queue.drain() { steps.append(step) }
        }
        trainer.join()
        #expect(steps == Array(1...50))
        #expect(queue.dropped == 0)
    }

    @Test func `a full queue tells that it keeps somebody waiting`() throws {
        let waits = Mutex(0)
        let queue = try TelemetryQueue(limit: 1) { waits.withLock { $0 += 1 } }
        queue.append(.metrics(step: 1, time: 0, []))
        #expect(waits.withLock { $0 } == 0)
        let trainer = try OwnThread(name: "test") { queue.append(.metrics(step: 2, time: 0, [])) }
        #expect(eventually { waits.withLock { $0 } > 0 })
        #expect(queue.drain().count == 1)
        trainer.join()
        #expect(queue.drain().count == 1)
    }

    @Test func `a full queue that nobody empties any more keeps nobody waiting`() throws {
        let queue = try TelemetryQueue(limit: 1)
        queue.append(.metrics(step: 1, time: 0, []))
        queue.close()
        queue.append(.metrics(step: 2, time: 0, []))
        #expect(queue.dropped == 1)
    }
}

@Suite struct TelemetrySenderTests {
    private func record(_ step: UInt64) -> TelemetryRecord { .metrics(step: step, time: 0, [Metric("x", 1)]) }

    private func batch(_ frame: [UInt8]?) throws -> WireTelemetryBatch {
        try WireCodec.decode(WireTelemetryBatch.self, from: try #require(frame))
    }

    @Test func `batches are numbered within source and epoch`() throws {
        var sender = TelemetrySender(source: "model_worker/0", epoch: 4)
        try sender.add([record(1)], dropped: 0)
        try sender.add([record(2)], dropped: 7)
        let first = try batch(sender.next(now: 0)), second = try batch(sender.next(now: 0))
        #expect((first.source, first.epoch, first.seq, first.dropped) == ("model_worker/0", 4, 1, 0))
        #expect((second.seq, second.dropped) == (2, 7))
        #expect(sender.next(now: 0) == nil)
    }

    @Test func `what is not acknowledged in time is sent again`() throws {
        var sender = TelemetrySender(source: "s", epoch: 1, window: TelemetryWindow(resendAfter: 100))
        try sender.add([record(1)], dropped: 0)
        _ = sender.next(now: 0)
        sender.timePassed(now: 99)
        #expect(sender.next(now: 99) == nil)
        sender.timePassed(now: 100)
        #expect(try batch(sender.next(now: 100)).seq == 1)
    }

    @Test func `an acknowledgement of another attempt is not ours`() throws {
        var sender = TelemetrySender(source: "s", epoch: 2)
        try sender.add([record(1)], dropped: 0)
        _ = sender.next(now: 0)
        sender.acknowledged(
            .make {
                $0.epoch = 1; $0.seq = 1
            }, now: 1)
        #expect(!sender.isDrained)
        sender.acknowledged(
            .make {
                $0.epoch = 2; $0.seq = 1
            }, now: 1)
        #expect(sender.isDrained)
    }

    @Test func `records that a full window refuses are counted in the next batch`() throws {
        var sender = TelemetrySender(source: "s", epoch: 1, window: TelemetryWindow(byteLimit: 100))
        try sender.add([record(1)], dropped: 0)
        try sender.add([.log(filled(WireLogRecord()) { $0.message = String(repeating: "x", count: 200) })], dropped: 0)
        _ = sender.next(now: 0)
        sender.acknowledged(
            .make {
                $0.epoch = 1; $0.seq = 1
            }, now: 1)
        try sender.add([record(2)], dropped: 5)
        let next = try batch(sender.next(now: 2))
        #expect((next.seq, next.dropped) == (2, 6))
    }
}

@Suite struct TelemetryPublisherTests {
    @Test func `everything appended before closing is delivered once it is acknowledged`() throws {
        let folder = TemporaryFolder(), context = ZeroMQContext(), runtime = RuntimeFolder(path: folder.path)
        let queue = try TelemetryQueue()
        let receiver = try ZeroMQSocket.open(context, .router)
        try receiver.bind(runtime.telemetry())
        let publisher = TelemetryPublisher(
            context: context, endpoint: try runtime.telemetry(), source: "master_worker/0", epoch: 1, queue: queue,
            complain: { Issue.record("\($0)") })
        try publisher.start()
        for step in 1...300 { queue.append(.metrics(step: UInt64(step), time: 0, [Metric("x", 0)])) }
        let closer = try OwnThread(name: "test") {
            #expect(publisher.close(patience: .seconds(120), spool: nil) == .stored)
        }
        var steps: [UInt64] = [], last: UInt64 = 0
        while steps.count < 300 {
            _ = try Poller.wait([receiver.pollItem], timeout: .seconds(120))
            guard let frames = try receiver.receive() else { break }
            let batch = try WireCodec.decode(WireTelemetryBatch.self, from: frames[1])
            if batch.seq == last + 1 {
                last = batch.seq
                steps += batch.metrics.flatMap { $0.rows.map(\.step) }
            }
            let ack = WireTelemetryAck.make {
                $0.epoch = 1; $0.seq = last
            }
            _ = try receiver.send([frames[0], WireCodec.encode(ack)])
        }
        closer.join()
        #expect(steps == Array(1...300))
    }

    private func orphan(_ queue: TelemetryQueue, in folder: TemporaryFolder) throws -> TelemetryPublisher {
        let publisher = TelemetryPublisher(
            context: ZeroMQContext(), endpoint: try RuntimeFolder(path: folder.path).telemetry(),
            source: "master_worker/0", epoch: 3, queue: queue, complain: { _ in })
        try publisher.start()
        return publisher
    }

    private func steps(in path: String) throws -> [UInt64] {
        let (frames, isWhole) = TelemetrySpool.frames(in: try [UInt8](Data(contentsOf: URL(filePath: path))))
        #expect(isWhole)
        return try frames.flatMap { frame in
            try WireCodec.decode(WireTelemetryBatch.self, from: frame).metrics.flatMap { $0.rows.map(\.step) }
        }
    }

    @Test func `where nobody acknowledges for its patience the rest is left on the disk, numbered as it would be sent`()
        throws
    {
        let folder = TemporaryFolder(), queue = try TelemetryQueue()
        let publisher = try orphan(queue, in: folder)
        let path = TelemetrySpool.path(in: folder.path, worker: .master, epoch: TelemetryEpoch(attempt: 3, launch: 0))
        for step in 1...600 { queue.append(.metrics(step: UInt64(step), time: 0, [Metric("x", 0)])) }
        guard case .spooled(let batches) = publisher.close(patience: .milliseconds(20), spool: path) else {
            Issue.record("it was not spooled")
            return
        }
        #expect(try steps(in: path) == Array(1...600))
        let (frames, _) = TelemetrySpool.frames(in: try [UInt8](Data(contentsOf: URL(filePath: path))))
        let headers = try frames.map { try WireCodec.decode(WireTelemetryBatch.self, from: $0) }
        #expect(headers.map(\.seq) == Array(1...UInt64(batches)))
        #expect(Set(headers.map(\.epoch)) == [3])
    }

    @Test func `what can neither be sent nor left waits until it can`() throws {
        let folder = TemporaryFolder(), queue = try TelemetryQueue()
        let publisher = try orphan(queue, in: folder)
        // It stands for a full disk: the folder cannot be made.
        let path = "\(folder.write("", to: "spool"))/master-3", isOver = Mutex(false)
        queue.append(.metrics(step: 7, time: 0, []))
        let closer = try OwnThread(name: "test") {
            #expect(publisher.close(patience: .milliseconds(5), spool: path) == .spooled(batches: 1))
            isOver.withLock { $0 = true }
        }
        #expect(!eventually(within: 0.3) { isOver.withLock { $0 } })
        #expect(unlink(folder.file("spool")) == 0)
        closer.join()
        #expect(try steps(in: path) == [7])
    }

    @Test func `what waits until it can is given up by one that is told to hurry`() throws {
        let folder = TemporaryFolder(), queue = try TelemetryQueue(), waits = Mutex(0)
        let publisher = try orphan(queue, in: folder)
        let path = "\(folder.write("", to: "spool"))/master-3", ending = Mutex<TelemetryPublisher.Farewell?>(nil)
        queue.append(.metrics(step: 7, time: 0, []))
        let closer = try OwnThread(name: "test") {
            let farewell = publisher.close(patience: .milliseconds(5), spool: path) { waits.withLock { $0 += 1 } }
            ending.withLock { $0 = farewell }
        }
        #expect(eventually { waits.withLock { $0 } > 0 })
        publisher.hurry()
        closer.join()
        guard case .abandoned(let reason) = ending.withLock({ $0 }) else {
            Issue.record("it was not given up")
            return
        }
        #expect(reason.hasPrefix("the last that was measured could neither be stored nor left on the disk: "))
    }

    @Test func `what nobody acknowledges is left at once by one that was told to hurry before`() throws {
        let folder = TemporaryFolder(), queue = try TelemetryQueue()
        let publisher = try orphan(queue, in: folder)
        let path = TelemetrySpool.path(in: folder.path, worker: .master, epoch: TelemetryEpoch(attempt: 3, launch: 0))
        queue.append(.metrics(step: 7, time: 0, []))
        publisher.hurry()
        #expect(publisher.close(patience: .seconds(86_400), spool: path) == .spooled(batches: 1))
        #expect(try steps(in: path) == [7])
    }

    @Test func `a worker has completed or failed as it says, and has stopped where it had to leave something`() {
        let done = WorkerNews.completed(step: 4), failed = WorkerNews.failed("boom", step: 3)
        #expect(done.after(.stored, step: 4) == done)
        #expect(done.after(.spooled(batches: 2), step: 4) == done)
        #expect(done.after(.abandoned("gone"), step: 4) == .stopped(step: 4, leaving: "gone"))
        #expect(done.after(.lost("gone"), step: 4) == .failed("gone", step: 4))
        #expect(failed.after(.abandoned("gone"), step: 4) == failed)
    }

    @Test func `without a place for the rest it says that it is lost`() throws {
        let folder = TemporaryFolder(), queue = try TelemetryQueue()
        let publisher = try orphan(queue, in: folder)
        queue.append(.metrics(step: 1, time: 0, []))
        #expect(
            publisher.close(patience: .milliseconds(20), spool: nil) == .lost("1 batches were not acknowledged"))
    }
}

@Suite struct SpanRecorderTests {
    private struct Failure: Error {}

    private func spans(_ queue: TelemetryQueue) -> [WireSpanRecord] {
        queue.drain().compactMap { if case .span(let span) = $0 { span } else { nil } }
    }

    @Test func `a span is recorded as it begins and as it ends`() throws {
        let queue = try TelemetryQueue()
        let recorder = SpanRecorder(queue: queue, clock: .startingNow())
        let subject = SpanRecorder.Subject(mfc: "actor_gen", interfaceType: "generate", role: "actor", step: 3)
        let result = recorder.record(.main, of: subject) { subject in
            subject.tokens = 12
            return 5
        }
        let spans = spans(queue)
        #expect(result.value == 5)
        #expect(spans.count == 2)
        #expect(spans[0].endNs == 0)
        #expect(spans[0].number == spans[1].number)
        #expect(spans[1].endNs >= spans[1].startNs)
        #expect((spans[1].mfc, spans[1].phase, spans[1].tokens, spans[1].step) == ("actor_gen", "main", 12, 3))
    }

    @Test func `a span whose work fails still ends`() throws {
        let queue = try TelemetryQueue()
        let recorder = SpanRecorder(queue: queue, clock: .startingNow())
        let subject = SpanRecorder.Subject(mfc: "m", interfaceType: "generate", role: "actor", step: 1)
        #expect(throws: Failure.self) {
            try recorder.record(.main, of: subject) { _ in throw Failure() }
        }
        #expect(spans(queue).map { $0.endNs > 0 } == [false, true])
    }
}

@Suite struct WorkerLogHandlerTests {
    @Test func `a record goes to telemetry and to the log file as one line`() throws {
        let queue = try TelemetryQueue(), lines = LineSink()
        var handler = WorkerLogHandler(queue: queue, clock: .startingNow(), write: { lines.append($0) })
        handler.metadata = ["role": "actor"]
        Logger(label: "x", factory: { [handler] _ in handler }).warning("slow", metadata: ["step": "3"])
        guard case .log(let record)? = queue.drain().first else {
            Issue.record("nothing was logged")
            return
        }
        #expect((record.level, record.message) == ("warning", "slow role=actor step=3"))
        #expect(lines.all.first?.hasSuffix(" WARNING: slow role=actor step=3\n") == true)
    }

    @Test func `a time stamp is a day, a time and milliseconds`() {
        #expect(logTimestamp(nanoseconds: 1_700_000_000_123_000_000) == "20231114-22:13:20.123")
    }
}

private final class LineSink: Sendable {
    private let lines = Mutex<[String]>([])
    func append(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}
