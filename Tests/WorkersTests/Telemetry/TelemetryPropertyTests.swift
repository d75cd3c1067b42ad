import Logging
import Protocol
import Synchronization
import TestSupport
import Testing

@testable import Workers

@Suite struct `Batches of random records` {
    private func records(seed: UInt64) -> [TelemetryRecord] {
        var generator = SplitMix(seed: seed)
        let names = ["a", "b", "c", "d"]
        return (0..<Int.random(in: 0...900, using: &generator)).map { number in
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: return .span(filled(WireSpanRecord()) { $0.number = UInt64(number) })
            case 1: return .buffer(filled(WireBufferRecord()) { $0.step = UInt64(number) })
            case 2:
                let length = Int.random(in: 0...20_000, using: &generator)
                return .log(
                    filled(WireLogRecord()) {
                        $0.message = String(repeating: "x", count: length)
                        $0.timeNs = Int64(number)
                    })
            case 3: return .checkpoint(filled(WireCheckpointRecord()) { $0.step = UInt64(number) })
            default:
                let chosen = names.filter { _ in Bool.random(using: &generator) }.shuffled(using: &generator)
                return .metrics(
                    step: UInt64(number), time: Int64(number), chosen.map { Metric($0, Double(number)) })
            }
        }
    }

    @Test(arguments: UInt64(1)...30) func `hold every record once, in order, within the bounds`(seed: UInt64) throws {
        let records = records(seed: seed), batches = TelemetryBatcher.batches(of: records)
        var rows: [UInt64] = [], spans: [UInt64] = [], buffers: [UInt64] = [], logs: [Int64] = [], saved: [UInt64] = []
        for record in records {
            switch record {
            case .metrics(let step, _, _): rows.append(step)
            case .span(let span): spans.append(span.number)
            case .buffer(let buffer): buffers.append(buffer.step)
            case .log(let log): logs.append(log.timeNs)
            case .checkpoint(let checkpoint): saved.append(checkpoint.step)
            }
        }
        #expect(batches.flatMap { $0.metrics.flatMap { $0.rows.map(\.step) }.sorted() } == rows)
        #expect(batches.flatMap(\.spans).map(\.number) == spans)
        #expect(batches.flatMap(\.buffers).map(\.step) == buffers)
        #expect(batches.flatMap(\.logs).map(\.timeNs) == logs)
        #expect(batches.flatMap(\.checkpoints).map(\.step) == saved)
        for batch in batches {
            #expect(batch.metrics.reduce(0) { $0 + $1.rows.count } <= TelemetryBatcher.largestRows)
            #expect(try WireCodec.encode(batch).count <= TelemetryBatcher.largestBytes + 1024)
            for block in batch.metrics {
                #expect(block.names == block.names.sorted())
                for row in block.rows { #expect(row.values == block.names.map { _ in Double(row.step) }) }
            }
            #expect(Set(batch.metrics.map(\.names)).count == batch.metrics.count)
        }
    }

    @Test func `a name that comes twice in a row keeps its last value`() {
        let batch = TelemetryBatcher.batches(of: [.metrics(step: 1, time: 2, [Metric("x", 1), Metric("x", 2)])])[0]
        #expect(batch.metrics[0].names == ["x"])
        #expect(batch.metrics[0].rows[0].values == [2])
    }

    @Test func `numbers that are none are carried as they are`() throws {
        let odd = [Metric("a", .nan), Metric("b", .infinity), Metric("c", -0.0)]
        let batch = filled(TelemetryBatcher.batches(of: [.metrics(step: 1, time: 2, odd)])[0]) { $0.version = 1 }
        let read = try WireCodec.decode(WireTelemetryBatch.self, from: WireCodec.encode(batch)).metrics[0].rows[0]
            .values
        #expect(read[0].isNaN && read[1] == .infinity && read[2].sign == .minus)
    }
}

@Suite struct `A sender on a bad line` {
    /// The orchestrator's side: stores in order, forgets nothing, and may be away.
    private struct Receiver {
        var last: UInt64 = 0
        var steps: [UInt64] = []
        var dropped: UInt64 = 0

        mutating func take(_ frame: [UInt8]) throws -> WireTelemetryAck {
            let batch = try WireCodec.decode(WireTelemetryBatch.self, from: frame)
            if TelemetryAcceptance.decide(seq: batch.seq, last: last) == .accept {
                last = batch.seq
                steps += batch.metrics.flatMap { $0.rows.map(\.step) }
                dropped = batch.dropped
            }
            let last = last
            return .make {
                $0.epoch = 1
                $0.seq = last
            }
        }
    }

    private func record(_ step: UInt64) -> TelemetryRecord {
        .metrics(step: step, time: 0, [Metric("x", Double(step))])
    }

    /// Batches and acknowledgements get lost, sends fail, the receiver is away for a while; then the line is good.
    @Test(arguments: UInt64(1)...40) func `loses nothing, repeats nothing and keeps the order`(seed: UInt64) throws {
        var generator = SplitMix(seed: seed), receiver = Receiver(), step: UInt64 = 0
        var sender = TelemetrySender(
            source: "s", epoch: 1, window: TelemetryWindow(inFlightLimit: 4, resendAfter: 10))
        for now in Int64(0)..<600 {
            let isGood = now > 400
            if !isGood, Int.random(in: 0..<3, using: &generator) == 0 {
                step += 1
                try sender.add([record(step)], dropped: 0)
            }
            sender.timePassed(now: now)
            while let frame = sender.next(now: now) {
                if !isGood, Int.random(in: 0..<5, using: &generator) == 0 {
                    sender.sendFailed()
                    break
                }
                if !isGood, Bool.random(using: &generator) { continue }
                let ack = try receiver.take(frame)
                if isGood || Bool.random(using: &generator) { sender.acknowledged(ack, now: now) }
            }
        }
        #expect(step > 50)
        #expect(receiver.steps == (1...step).map { $0 })
        #expect(sender.isDrained)
        #expect(receiver.dropped == 0)
    }

    @Test(arguments: UInt64(1)...20) func `counts exactly what did not fit, and delivers the rest`(seed: UInt64) throws
    {
        var generator = SplitMix(seed: seed), receiver = Receiver(), added: UInt64 = 0
        var sender = TelemetrySender(source: "s", epoch: 1, window: TelemetryWindow(byteLimit: 400))
        for now in Int64(0)..<100 {
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                added += 1
                try sender.add([record(added)], dropped: 3)
            }
            if Int.random(in: 0..<4, using: &generator) > 0 { continue }
            while let frame = sender.next(now: now) { sender.acknowledged(try receiver.take(frame), now: now) }
        }
        while let frame = sender.next(now: 100) { sender.acknowledged(try receiver.take(frame), now: 100) }
        try sender.add([record(added + 1)], dropped: 3)
        while let frame = sender.next(now: 100) { sender.acknowledged(try receiver.take(frame), now: 100) }
        #expect(receiver.dropped > 3)
        #expect(UInt64(receiver.steps.count) + receiver.dropped - 3 == added + 1)
        #expect(receiver.steps == receiver.steps.sorted())
    }

    /// A frame that no receiver reads would be sent for ever, and everything behind it would wait.
    @Test func `leaves out a record beyond what a receiver reads, counts it and goes on`() throws {
        var sender = TelemetrySender(source: "s", epoch: 1), receiver = Receiver()
        let huge = filled(WireCheckpointRecord()) {
            $0.path = String(repeating: "x", count: WireCodec.largestMessage + 1)
        }
        try sender.add([record(1), .checkpoint(huge), record(2)], dropped: 0)
        try sender.add([record(3)], dropped: 0)
        while let frame = sender.next(now: 0) { sender.acknowledged(try receiver.take(frame), now: 0) }
        #expect(receiver.steps == [1, 2, 3])
        #expect(receiver.dropped == 1)
        #expect(sender.isDrained)
    }
}

@Suite struct `The log of a worker` {
    private final class Sink: Sendable {
        private let text = Mutex("")
        func append(_ line: String) { text.withLock { $0 += line } }
        var all: String { text.withLock { $0 } }
    }

    /// What telemetry and the file have of one call of the logger.
    private func logged(
        level: Logger.Level = .info, _ body: (Logger) -> Void
    ) throws -> (records: [WireLogRecord], file: String) {
        let queue = try TelemetryQueue(), sink = Sink()
        var handler = WorkerLogHandler(queue: queue, clock: .startingNow(), write: { sink.append($0) })
        handler.logLevel = level
        body(Logger(label: "x", factory: { [handler] _ in handler }))
        return (queue.drain().compactMap { if case .log(let log) = $0 { log } else { nil } }, sink.all)
    }

    @Test(arguments: [
        (Logger.Level.trace, "debug"), (.debug, "debug"), (.info, "info"), (.notice, "info"), (.warning, "warning"),
        (.error, "error"), (.critical, "error"),
    ]) func `has four levels`(level: Logger.Level, word: String) throws {
        let (records, file) = try logged(level: .trace) { $0.log(level: level, "text") }
        #expect(records.map(\.level) == [word])
        #expect(file.hasSuffix(" \(word.uppercased()): text\n"))
    }

    @Test func `leaves out what is below its level`() throws {
        let (records, file) = try logged { logger in
            logger.debug("no")
            logger.trace("no")
        }
        #expect(records.isEmpty)
        #expect(file.isEmpty)
    }

    @Test func `keeps lines in telemetry and indents them in the file, so that none passes for a record`() throws {
        let text = "first\n20300101-00:00:00.000 ERROR: forged\n\nlast"
        let (records, file) = try logged { $0.error("\(text)") }
        #expect(records.map(\.message) == [text])
        let lines = file.split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
        #expect(lines == ["    20300101-00:00:00.000 ERROR: forged", "    ", "    last", ""])
    }

    @Test func `shows control characters instead of sending them to a terminal`() throws {
        let (records, file) = try logged { $0.info("a\u{1b}[2Jb\rc\u{7f}d\u{9b}e\tf") }
        #expect(records.map(\.message) == [#"a\u{1b}[2Jb\u{d}c\u{7f}d\u{9b}e"# + "\tf"])
        #expect(file.hasSuffix(" INFO: " + #"a\u{1b}[2Jb\u{d}c\u{7f}d\u{9b}e"# + "\tf\n"))
    }

    @Test(arguments: ["x", "é", "😀"]) func `cuts what is too long between two characters, and says so`(
        character: String
    ) throws {
        let whole = String(repeating: character, count: 100_000)
        let message = try #require(try logged { $0.info("\(whole)") }.records.first).message
        let kept = String(repeating: character, count: (1 << 16) / character.utf8.count)
        #expect(message == "\(kept)… (cut; \(whole.utf8.count) bytes in all)")
    }

    @Test func `a text of just the limit is whole`() throws {
        let whole = String(repeating: "x", count: WorkerLogHandler.longestText)
        #expect(try logged { $0.info("\(whole)") }.records.map(\.message) == [whole])
    }

    @Test func `facts follow the text by name, those of the call before those of the logger`() throws {
        let (records, _) = try logged { logger in
            var logger = logger
            logger[metadataKey: "b"] = "logger"
            logger[metadataKey: "a"] = "logger"
            logger.info("text", metadata: ["b": "call"])
        }
        #expect(records.map(\.message) == ["text a=logger b=call"])
    }

    @Test(arguments: [
        (Int64(0), "19700101-00:00:00.000"), (1, "19700101-00:00:00.000"), (999_999_999, "19700101-00:00:00.999"),
        (951_782_399_000_000_000, "20000228-23:59:59.000"), (951_868_799_999_000_000, "20000229-23:59:59.999"),
        (4_102_444_800_007_000_000, "21000101-00:00:00.007"),
    ]) func `stamps the time in UTC to the millisecond`(nanoseconds: Int64, expected: String) {
        #expect(logTimestamp(nanoseconds: nanoseconds) == expected)
    }
}

@Suite struct `Spans within spans` {
    private struct Failure: Error {}

    @Test func `have numbers of their own, and the inner one ends first`() throws {
        let queue = try TelemetryQueue(), recorder = SpanRecorder(queue: queue, clock: .startingNow())
        func subject(_ mfc: String) -> SpanRecorder.Subject {
            .init(mfc: mfc, interfaceType: "generate", role: "actor", step: 1)
        }
        _ = recorder.record(.main, of: subject("outer")) { outer in
            for number in 1...2 {
                _ = recorder.record(.main, of: subject("inner")) { $0.tokens = UInt64(number) }
            }
            // An inner part that fails ends, and does not end the outer one.
            _ = try? recorder.record(.main, of: subject("broken")) { _ in throw Failure() }
            outer.tokens = 9
        }
        let spans = queue.drain().compactMap { if case .span(let span) = $0 { span } else { nil } }
        #expect(spans.map(\.number) == [1, 2, 2, 3, 3, 4, 4, 1])
        #expect(spans.map { $0.endNs > 0 } == [false, false, true, false, true, false, true, true])
        #expect(spans.map(\.tokens) == [0, 0, 1, 0, 2, 0, 0, 9])
        let ends = spans.filter { $0.endNs > 0 }
        let outer = try #require(ends.last)
        #expect(ends.allSatisfy { $0.startNs >= outer.startNs && $0.endNs <= outer.endNs && $0.startNs <= $0.endNs })
    }
}
