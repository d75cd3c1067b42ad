import Protocol
import TestSupport
import Testing

@testable import Store

/// A run that was damaged on disk and then goes on: what is stored from now on must be whole.
@Suite struct DamagedResumeTests {
    private func closedRun() throws -> RunBuilder {
        let run = try RunBuilder()
        for step in 1...300 { try run.writer.appendStep(step, loss: 1, lr: 2) }
        try run.writer.close()
        return run
    }

    @Test(arguments: [
        "UPDATE series SET n = 9223372036854775807",
        "UPDATE series SET last_attempt = 9223372036854775807",
        "UPDATE series SET last_step = 9223372036854775807, crc = 0",
        "UPDATE series SET crc = crc + 1",
        "UPDATE series SET last = 'text'",
        "DELETE FROM series WHERE key = 'lr'",
        "DELETE FROM series",
        "UPDATE series SET key = 'other' WHERE key = 'lr'",
        "UPDATE column_set SET crc = crc + 1",
        "UPDATE column_set SET series = '[2,1]'",
        "UPDATE column_set SET series = '[1,'",
        "UPDATE column_set SET series = '[7,8]'",
        "DELETE FROM column_set",
        "UPDATE tail SET packed = x'00'",
        "UPDATE tail SET crc = 0",
        "UPDATE block SET crc = 0",
        "DELETE FROM chunk",
        "DELETE FROM source",
        "UPDATE run SET end_time = -9223372036854775807, status = 'odd'",
    ])
    func `rows stored after the damage are read whole, and the damage is told`(damage: String) throws {
        let run = try closedRun()
        try Damage.run(damage, on: run.path)
        let writer = try RunWriter.open(path: run.path)
        try writer.beginAttempt(2, resumeStep: 300, time: 400_000_000, reason: "")
        // Enough to seal what was left in the tail together with what is new.
        for step in 301...600 { try writer.appendStep(step, loss: Double(step), lr: Double(-step), epoch: 2) }
        let reader = try run.reader()
        for (key, sign) in [("loss", 1.0), ("lr", -1.0)] {
            let later = try reader.points(of: key).filter { $0.step > 300 }
            #expect(later.map(\.value) == (301...600).map { sign * Double($0) }, "\(key)")
        }
        let snapshot = try reader.snapshot(RunQuery(metrics: ["loss", "lr"], columns: 3))
        #expect(snapshot.series.first { $0.key == "loss" }?.last == 600)
        #expect(snapshot.curves["loss"]?.lastStep == 600)
        try writer.close()
        #expect(try StoredRun.open(path: run.path).catalogEntry().last["lr"] == -600)
        // What no reader needs, such as where a source stood, leaves no trace in the metrics.
        let isToldOf = !damage.contains("source") && !damage.contains("UPDATE run")
        #expect(try Integrity.check(path: run.path).isSound == !isToldOf)
    }

    @Test func `the last value of a damaged series is the newest again, not what the damage said`() throws {
        let run = try closedRun()
        try Damage.run("UPDATE series SET last_attempt = 99, last = -7 WHERE key = 'loss'", on: run.path)
        let writer = try RunWriter.open(path: run.path)
        try writer.appendStep(301, loss: 0.25, lr: 2)
        let snapshot = try run.reader().snapshot(RunQuery(metrics: ["loss"]))
        #expect(snapshot.series.first { $0.key == "loss" }?.last == 0.25)
        #expect(snapshot.damage == ["series 1: 1 values were stored, 301 are there"])
    }

    @Test(arguments: [
        ("UPDATE series SET id = 9223372036854775807 WHERE key = 'lr'", "the numbers of its series are damaged"),
        ("UPDATE column_set SET id = 4294967296", "the numbers of its column sets are damaged"),
        ("UPDATE series SET id = -5 WHERE key = 'lr'", "the numbers of its series are damaged"),
    ])
    func `numbers from which none can follow are refused by the writer, with what is wrong`(
        damage: String, detail: String
    ) throws {
        let run = try closedRun()
        try Damage.run(damage, on: run.path)
        let failure = #expect(throws: StoreError.self) { try RunWriter.open(path: run.path) }
        #expect(failure?.code == .damaged)
        #expect(failure?.detail == detail)
        #expect(failure?.hint == "check it with: cockpit doctor")
    }

    @Test func `a block number from which none can follow is refused, and what was committed stays`() throws {
        let run = try closedRun()
        try Damage.run("UPDATE block SET id = 9223372036854775807", on: run.path)
        let writer = try RunWriter.open(path: run.path)
        let failure = #expect(throws: StoreError.self) {
            for step in 301...600 { try writer.appendStep(step, loss: 1, lr: 1) }
        }
        #expect(failure?.code == .damaged)
        #expect(failure?.detail == "the numbers of its blocks are damaged")
        #expect(try run.reader().points(of: "loss").last?.step == 500)
    }

    @Test(arguments: [0, 1])
    func `a flipped bit anywhere is refused, or the run goes on without a trap`(half: Int) throws {
        let run = try closedRun()
        let sound = try FileBytes.read(run.path)
        // Bytes that are zero are mostly free space: the rest is where a bit matters.
        let places = sound.indices.filter { sound[$0] != 0 && $0 > 100 }
        var refused = 0, wentOn = 0
        for index in stride(from: half * 213, to: places.count, by: 426) {
            var bytes = sound
            bytes[places[index]] ^= 1 << UInt8(index % 8)
            let path = run.folder.write(bytes, to: "flipped\(half).sqlite")
            for suffix in ["-wal", "-shm"] { FileBytes.remove("\(path)\(suffix)") }
            do {
                let writer = try RunWriter.open(path: path)
                try writer.beginAttempt(2, resumeStep: 300, time: 400_000_000, reason: "")
                try writer.appendSteps(301...520, epoch: 2)
                try writer.close()
                _ = try Integrity.check(path: path)
                wentOn += 1
            } catch is StoreError {
                refused += 1
            }
        }
        #expect(wentOn > 0)
        #expect(refused + wentOn > 20)
    }
}

extension RunWriter {
    fileprivate func appendStep(_ step: Int, loss: Double, lr: Double, epoch: UInt64 = 1) throws {
        let seq = try lastSequence(source: Batch.source, epoch: epoch) + 1
        let batch = Batch.of(seq: Int(seq), epoch: epoch) {
            $0.metrics = [Batch.block(step, [("loss", loss), ("lr", lr)])]
        }
        guard try append(batch) == .accepted(seq) else { throw RunBuilder.Refused(outcome: .gap(seq)) }
        if step % 50 == 0 || step == 301 { try commit() }
    }

    fileprivate func appendSteps(_ steps: ClosedRange<Int>, epoch: UInt64) throws {
        let batch = Batch.of(seq: 1, epoch: epoch) { batch in
            var block = WireMetricBlock()
            block.names = ["loss", "lr"]
            block.rows = steps.map { Batch.row($0, [Double($0), 1], time: nil) }
            batch.metrics = [block]
        }
        _ = try append(batch)
        try commit()
    }
}
