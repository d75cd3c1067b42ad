import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct DiskFullTests {
    private func batch(_ seq: Int) -> WireTelemetryBatch {
        Batch.of(seq: seq) { batch in
            batch.metrics = [Batch.block(seq, [("loss", Double(seq)), ("lr", 0.5)])]
            batch.logs = [Batch.log("line \(seq) \(String(repeating: "x", count: 700))")]
            batch.spans = [Batch.span(seq, start: Int64(seq), end: Int64(seq) + 1)]
            if seq % 10 == 0 { batch.checkpoints = [Batch.checkpoint(seq, time: Int64(seq))] }
        }
    }

    private func pages(_ run: RunBuilder) throws -> Int {
        try run.writer.file.access { try $0.first("PRAGMA page_count") { $0.int(0) } } ?? 0
    }

    /// Sends 1...count as a sender does: in groups, and again from what was committed when a group is refused.
    private func send(
        _ run: RunBuilder, upTo count: Int, group: Int, _ refused: (StoreError) throws -> Void
    ) throws {
        var acknowledged = 0
        while acknowledged < count {
            do {
                for seq in acknowledged + 1...min(acknowledged + group, count) { _ = try run.writer.append(batch(seq)) }
                try run.writer.commit()
                acknowledged = min(acknowledged + group, count)
            } catch {
                #expect(run.writer.hasPending == false)
                #expect(try run.writer.lastSequence(source: Batch.source, epoch: 1) == UInt64(acknowledged))
                try refused(error)
            }
        }
    }

    @Test(arguments: [1, 7, 40])
    func `a disk that is full over and over costs no row and repeats none`(group: Int) throws {
        let run = try RunBuilder()
        var limit = try pages(run)
        try run.writer.limitPages(to: limit)
        var refusals = 0
        try send(run, upTo: 300, group: group) { error in
            #expect(error.code == .diskFull)
            refusals += 1
            limit += 5
            try run.writer.limitPages(to: limit)
        }
        #expect(refusals > 3)
        let reader = try run.reader()
        #expect(try reader.points(of: "loss").map(\.value) == (1...300).map { Double($0) })
        #expect(try reader.logs(after: 0, limit: 1000, level: .debug, worker: nil).count == 300)
        #expect(try reader.snapshot(RunQuery()).checkpoints.count == 30)
        #expect(try Integrity.check(path: run.path).findings == [])
    }

    @Test func `a reader goes on while nothing can be stored`() throws {
        let run = try RunBuilder()
        try run.step(1, [("loss", 4)], seq: 1)
        let reader = try run.reader()
        try run.writer.limitPages(to: 0)
        let big = Batch.of(seq: 2) { $0.logs = [Batch.log(String(repeating: "x", count: 100_000))] }
        for _ in 0..<3 { #expect(throws: StoreError.self) { try run.writer.append(big) } }
        #expect(try reader.points(of: "loss").map(\.value) == [4])
        #expect(try reader.snapshot(RunQuery()).logs == [])
    }

    @Test func `a status that cannot be stored is told, and stored once there is room`() throws {
        let run = try RunBuilder()
        try run.writer.limitPages(to: 0)
        let detail = String(repeating: "why ", count: 5000)
        let failure = #expect(throws: StoreError.self) {
            try run.writer.setStatus(.failed, detail: detail, time: 5, orchestrator: nil)
        }
        #expect(failure?.code == .diskFull)
        #expect(try run.reader().snapshot(RunQuery()).status == .pending)
        try run.writer.limitPages(to: 1 << 30)
        try run.writer.setStatus(.failed, detail: detail, time: 6, orchestrator: nil)
        let snapshot = try run.reader().snapshot(RunQuery())
        #expect(snapshot.status == .failed)
        #expect(snapshot.statusDetail == detail)
        #expect(snapshot.events.map(\.kind) == ["started", "failed"])
    }

    @Test func `an attempt that cannot be stored has not begun`() throws {
        let run = try RunBuilder()
        try run.series("loss", [1, 2, 3])
        try run.writer.limitPages(to: 0)
        #expect(throws: StoreError.self) {
            try run.writer.beginAttempt(
                2, resumeStep: 1, time: 9_000_000, reason: String(repeating: "x", count: 100_000))
        }
        #expect(try run.writer.attempt() == 1)
        #expect(try run.reader().points(of: "loss").count == 3)
        try run.writer.limitPages(to: 1 << 30)
        try run.writer.beginAttempt(2, resumeStep: 1, time: 9_000_000, reason: "")
        #expect(try run.reader().points(of: "loss").count == 1)
    }

    @Test func `of what the orchestrator saw on a full disk the last 1,024 records are kept`() throws {
        let run = try RunBuilder()
        try run.writer.limitPages(to: 0)
        let text = String(repeating: "x", count: 3000)
        var refused = 0
        for number in 1...1100 {
            do {
                try run.writer.append(local: LocalRecords(logs: [Batch.log("\(number) \(text)", time: Int64(number))]))
            } catch {
                refused += 1
            }
        }
        #expect(refused > 1000)
        try run.writer.limitPages(to: 1 << 30)
        try run.writer.append(local: LocalRecords(logs: [Batch.log("the last", time: 2000)]))
        try run.writer.commit()
        let logs = try run.reader().logs(after: 0, limit: 5000, level: .debug, worker: nil)
        #expect(logs.last?.message == "the last")
        #expect(logs.count == 1024)
        #expect(logs.first?.message.hasPrefix("78 ") == true)
    }

    @Test func `a batch of telemetry goes with a local record that does not fit`() throws {
        let run = try RunBuilder()
        #expect(try run.writer.append(Batch.of(seq: 1) { $0.logs = [Batch.log("batch")] }) == .accepted(1))
        try run.writer.limitPages(to: 0)
        let big = LocalRecords(logs: [Batch.log(String(repeating: "x", count: 100_000))])
        #expect(throws: StoreError.self) { try run.writer.append(local: big) }
        #expect(try run.writer.lastSequence(source: Batch.source, epoch: 1) == 0)
        try run.writer.limitPages(to: 1 << 30)
        #expect(try run.writer.append(Batch.of(seq: 1) { $0.logs = [Batch.log("batch")] }) == .accepted(1))
        try run.writer.commit()
        let logs = try run.reader().logs(after: 0, limit: 10, level: .debug, worker: nil)
        #expect(logs.map(\.worker) == ["orchestrator", Batch.source])
    }
}
