import Protocol
import Store
import TestSupport
import Testing

@testable import Orchestrator

private let millisecond: Int64 = 1_000_000
private let second: Int64 = 1_000_000_000

@Suite struct `A store outage` {
    private var outage = StoreOutage()

    @Test mutating func `is news with its first failure and no other`() {
        let news = (0..<4).map { outage.failed(now: $0 * second) }
        #expect(news == [true, false, false, false])
    }

    @Test mutating func `waits longer after each failure, up to two seconds`() {
        let waits = (0..<6).map { _ in
            _ = outage.failed(now: 0)
            return (outage.retryAt ?? 0) / millisecond
        }
        #expect(waits == [100, 200, 400, 800, 1600, 2000])
    }

    @Test mutating func `keeps writing back until its wait has passed`() {
        _ = outage.failed(now: 50)
        #expect(outage.isActive(now: 50 + 100 * millisecond - 1))
        #expect(!outage.isActive(now: 50 + 100 * millisecond))
        #expect(outage.isOngoing)
    }

    @Test mutating func `is over, once, when nothing was refused for five seconds`() {
        _ = outage.failed(now: 0)
        #expect(outage.endsAt == nil)
        outage.succeeded(now: second)
        #expect(!outage.isOngoing)
        #expect(outage.endsAt == 6 * second)
        let news = [6 * second - 1, 6 * second, 60 * second].map { outage.isOver(now: $0) }
        #expect(news == [false, true, false])
    }

    @Test mutating func `goes on when something is refused again in between, without being news`() {
        _ = outage.failed(now: 0)
        outage.succeeded(now: second)
        let isNews = outage.failed(now: 4 * second)
        #expect(!isNews)
        // It waits as long as it had come to.
        #expect(outage.retryAt == 4 * second + 200 * millisecond)
        outage.succeeded(now: 5 * second)
        let isOver = [outage.isOver(now: 6 * second), outage.isOver(now: 10 * second)]
        #expect(isOver == [false, true])
    }

    @Test mutating func `counts its five seconds from the first success`() {
        _ = outage.failed(now: 0)
        for time in 1...20 { outage.succeeded(now: Int64(time) * second / 4) }
        #expect(outage.endsAt == second / 4 + 5 * second)
    }

    @Test mutating func `is news again after one that is over, with the first wait`() {
        _ = outage.failed(now: 0)
        _ = outage.failed(now: 0)
        outage.succeeded(now: second)
        _ = outage.isOver(now: 6 * second)
        let isNews = outage.failed(now: 7 * second)
        #expect(isNews)
        #expect(outage.retryAt == 7 * second + 100 * millisecond)
    }

    @Test mutating func `is over at the end of the trial, unless the store still refuses`() {
        let before = outage.isOver(now: .max)
        _ = outage.failed(now: 0)
        let during = outage.isOver(now: .max)
        outage.succeeded(now: second)
        let after = outage.isOver(now: .max)
        #expect([before, during, after] == [false, false, true])
    }

    @Test func `speaks twice however long a full disk takes a little now and then`() {
        for seed in UInt64(1)...100 {
            var random = SplitMix(seed: seed)
            var outage = StoreOutage()
            var time: Int64 = 0
            var news: [String] = []
            for _ in 0..<200 {
                // Never calm for five seconds.
                time += Int64.random(in: 0...4900, using: &random) * millisecond
                if outage.isOver(now: time) { news.append("over") }
                if outage.failed(now: time) { news.append("begun") }
                if Bool.random(using: &random) { outage.succeeded(now: time) }
            }
            outage.succeeded(now: time)
            if outage.isOver(now: time + 5 * second) { news.append("over") }
            #expect(news == ["begun", "over"], "seed \(seed)")
        }
    }
}

@Suite struct `A full disk under the ingest` {
    /// Sends batches until all of `count` are acknowledged, some of them twice and some before their turn.
    private func deliver(_ count: UInt64, to bench: IngestBench, seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let sender = try bench.sender()
        var acknowledged: UInt64 = 0
        while acknowledged < count {
            let ahead = acknowledged + UInt64.random(in: 1...4, using: &random)
            var sequence = Array(max(1, acknowledged)...min(count, ahead))
            if Bool.random(using: &random) { sequence.shuffle(using: &random) }
            // The next one in turn is always among them, so each round can get on.
            for seq in sequence + [acknowledged + 1] { _ = try sender.send([telemetryBatch(seq)]) }
            while let answer = try telemetryAcknowledgement(sender, within: .milliseconds(20)) {
                let stored = bench.log.committed.filter { $0.contains("#") }.count
                // Nothing is acknowledged that is not committed, and nothing is taken back.
                #expect(answer >= acknowledged, "seed \(seed)")
                #expect(UInt64(stored) >= answer, "seed \(seed)")
                acknowledged = max(acknowledged, answer)
                if acknowledged == count { break }
            }
        }
    }

    @Test(arguments: 1...12)
    func `acknowledges each batch that is committed, once, whichever operation fails`(operation: Int) throws {
        let bench = try IngestBench()
        bench.log.refuse([operation])
        bench.queue.put(.attempt(1, resumeStep: 0, time: 0, reason: "started"))
        try deliver(12, to: bench, seed: UInt64(operation))
        let stored = bench.finish([.status(.completed, detail: "", time: 0)])
        #expect(stored.filter { $0.contains("#") } == (1...12).map { "model_worker/0#1 \($0)" })
        #expect(
            stored.filter { $0.hasPrefix("attempt") || $0.hasPrefix("status") } == [
                "attempt 1 from 0: started", "status completed",
            ])
    }

    @Test func `is spoken of once when it begins and once when it is over, however often it fails between`() throws {
        let bench = try IngestBench()
        // Each time a little is taken and then something is refused again.
        bench.log.refuse([2, 4, 6])
        bench.queue.put(.attempt(1, resumeStep: 0, time: 0, reason: "started"))
        try deliver(5, to: bench, seed: 3)
        let words = bench.finish([.status(.completed, detail: "", time: 0)]).filter { $0.hasPrefix("log ") }
        #expect(words == ["log storing had stopped: the disk is full: fake cannot grow", "log storing goes on"])
    }

    @Test func `leaves the orchestrator's own records where there is a limit, and counts what gives way`() throws {
        let bench = try IngestBench(queue: IngestQueue(limit: 4))
        bench.log.fill(true)
        bench.queue.put(.attempt(1, resumeStep: 0, time: 0, reason: "started"))
        for round in 0..<2 {
            // Two more refusals: whoever takes entries meanwhile has taken those of the round before.
            let seen = bench.log.operations
            #expect(eventually { bench.log.operations >= seen + 2 })
            for number in 0..<4 {
                let words = "record \(4 * round + number)"
                bench.queue.put(.records(LocalRecords(logs: [.orchestrator(.info, words, time: 0)])))
            }
        }
        bench.log.fill(false)
        let words = bench.finish().filter { $0.hasPrefix("log ") && !$0.contains("storing") }
        #expect(
            words == ["log record 4", "log record 5", "log record 6", "log record 7"] + [
                "log 4 records of the orchestrator were dropped: the store did not keep up"
            ])
    }

    @Test func `that stays full at the end keeps nobody waiting for ever`() throws {
        let bench = try IngestBench()
        bench.log.fill(true)
        bench.queue.put(.status(.running, detail: "", time: 0))
        bench.log.fill(false)
        #expect(bench.finish().contains("status running"))
        #expect(bench.log.isClosed)
    }
}

@Suite struct `The ingest of several senders` {
    @Test func `keeps their numbers apart, and those of their attempts`() throws {
        let bench = try IngestBench()
        let first = try bench.sender("model_worker/0"), second = try bench.sender("model_worker/1")
        for seq in UInt64(1)...20 {
            _ = try first.send([telemetryBatch(seq)])
            _ = try second.send([telemetryBatch(seq, source: "model_worker/1")])
            _ = try first.send([telemetryBatch(seq, epoch: 2)])
        }
        let stored = bench.finish()
        for key in ["model_worker/0#1", "model_worker/1#1", "model_worker/0#2"] {
            #expect(stored.filter { $0.hasPrefix("\(key) ") } == (1...20).map { "\(key) \($0)" })
        }
        #expect(stored.count == 60)
    }

    @Test func `answers each with the epoch it asked about`() throws {
        let bench = try IngestBench()
        let sender = try bench.sender()
        _ = try sender.send([telemetryBatch(1, epoch: 7)])
        #expect(try Poller.wait([sender.pollItem], timeout: .seconds(120))[0])
        let frames = try #require(try sender.receive())
        let answer = try WireCodec.decode(WireTelemetryAck.self, from: frames[0])
        #expect([answer.epoch, answer.seq] == [7, 1])
        _ = bench.finish()
    }

    @Test func `counts the orchestrator's own records that gave way`() throws {
        let queue = try IngestQueue(limit: 2)
        for _ in 0..<5 { queue.put(.records(LocalRecords())) }
        let bench = try IngestBench(queue: queue)
        let words = bench.finish()
        #expect(words == ["log 3 records of the orchestrator were dropped: the store did not keep up"])
    }
}
