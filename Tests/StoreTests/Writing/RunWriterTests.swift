import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct SequenceTests {
    @Test func `the next number of a source and epoch is accepted`() throws {
        let run = try RunBuilder()
        #expect(try run.writer.append(Batch.of(seq: 1)) == .accepted(1))
        #expect(try run.writer.append(Batch.of(seq: 2)) == .accepted(2))
        #expect(try run.writer.lastSequence(source: Batch.source, epoch: 1) == 2)
    }

    @Test func `a repeated batch changes nothing and is acknowledged again`() throws {
        let run = try RunBuilder()
        try run.step(1, [("loss", 4)], seq: 1)
        let again = Batch.of(seq: 1) { $0.metrics = [Batch.block(1, [("loss", 4)])] }
        #expect(try run.writer.append(again) == .repeated(1))
        #expect(run.writer.hasPending == false)
        #expect(try run.reader().points(of: "loss").count == 1)
    }

    @Test func `a batch after a gap is not stored`() throws {
        let run = try RunBuilder()
        #expect(try run.writer.append(Batch.of(seq: 1)) == .accepted(1))
        let late = Batch.of(seq: 3) { $0.metrics = [Batch.block(3, [("loss", 4)])] }
        #expect(try run.writer.append(late) == .gap(1))
        try run.writer.commit()
        #expect(try run.reader().points(of: "loss") == [])
    }

    @Test func `sources and epochs count apart`() throws {
        let run = try RunBuilder()
        #expect(try run.writer.append(Batch.of(seq: 1)) == .accepted(1))
        #expect(try run.writer.append(Batch.of(seq: 1, epoch: 2)) == .accepted(1))
        #expect(try run.writer.append(Batch.of(seq: 1, source: "master_worker/0")) == .accepted(1))
        #expect(try run.writer.append(Batch.of(seq: 2, epoch: 3)) == .gap(0))
    }

    @Test func `after a crash the senders go on from what was committed`() throws {
        let run = try RunBuilder()
        try run.step(1, [("loss", 4)], seq: 1)
        try run.step(2, [("loss", 3)], seq: 2)
        _ = try run.writer.append(Batch.of(seq: 3) { $0.metrics = [Batch.block(3, [("loss", 2)])] })
        let copy = try run.crashed()

        let second = try RunWriter.open(path: copy)
        #expect(try second.lastSequence(source: Batch.source, epoch: 1) == 2)
        #expect(try second.append(Batch.of(seq: 2)) == .repeated(2))
        #expect(try second.append(Batch.of(seq: 4)) == .gap(2))
        let resent = Batch.of(seq: 3) { $0.metrics = [Batch.block(3, [("loss", 2)])] }
        #expect(try second.append(resent) == .accepted(3))
        try second.close()
        #expect(try StoredRun.open(path: copy).points(of: "loss").map(\.value) == [4, 3, 2])
    }

    @Test(arguments: [UInt64](1...6))
    func `whatever moment the writer dies at, each committed row is there once`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let run = try RunBuilder()
        var committed = 0
        for seq in 1...Int.random(in: 10...400, using: &random) {
            _ = try run.writer.append(
                Batch.of(seq: seq) { $0.metrics = [Batch.block(seq, [("a", Double(seq)), ("b", 1)])] })
            guard Int.random(in: 0..<4, using: &random) == 0 else { continue }
            try run.writer.commit()
            committed = seq
        }
        let survivor = try StoredRun.open(path: try run.crashed())
        #expect(try survivor.points(of: "a").map(\.value) == (0..<committed).map { Double($0 + 1) }, "seed \(seed)")
        #expect(try survivor.points(of: "b").count == committed)
    }
}

@Suite struct TransactionTests {
    @Test func `nothing is seen before the commit, all of it after`() throws {
        let run = try RunBuilder()
        let reader = try run.reader()
        for seq in 1...3 {
            _ = try run.writer.append(Batch.of(seq: seq) { $0.metrics = [Batch.block(seq, [("loss", 1)])] })
        }
        #expect(run.writer.hasPending)
        #expect(try reader.points(of: "loss").count == 0)
        try run.writer.commit()
        #expect(run.writer.hasPending == false)
        #expect(try reader.points(of: "loss").count == 3)
    }

    @Test func `a commit with nothing pending does nothing`() throws {
        let run = try RunBuilder()
        let reader = try run.reader()
        let before = try reader.changeCounter()
        try run.writer.commit()
        #expect(try reader.changeCounter() == before)
    }

    @Test func `a full disk rolls the group back, and resent batches are stored once there is room`() throws {
        let run = try RunBuilder()
        try run.step(1, [("loss", 4)], seq: 1)
        try run.writer.limitPages(to: 0)
        let failure = #expect(throws: StoreError.self) {
            for seq in 2...400 {
                _ = try run.writer.append(
                    Batch.of(seq: seq) { $0.logs = [Batch.log(String(repeating: "x", count: 500))] })
                if seq % 20 == 0 { try run.writer.commit() }
            }
        }
        #expect(failure?.code == .diskFull)
        #expect(run.writer.hasPending == false)
        let last = try run.writer.lastSequence(source: Batch.source, epoch: 1)
        #expect(try run.reader().logs(after: 0, limit: 1000, level: .debug, worker: nil).count == Int(last) - 1)

        try run.writer.limitPages(to: 1 << 30)
        for seq in Int(last) + 1...400 {
            let outcome = try run.writer.append(Batch.of(seq: seq) { $0.logs = [Batch.log("x")] })
            #expect(outcome == .accepted(UInt64(seq)))
        }
        try run.writer.commit()
        #expect(try run.reader().logs(after: 0, limit: 1000, level: .debug, worker: nil).count == 399)
        #expect(try Integrity.check(path: run.path).findings == [])
    }

    @Test func `what the orchestrator itself saw outlives a full disk`() throws {
        let run = try RunBuilder()
        try run.writer.limitPages(to: 0)
        let big = String(repeating: "x", count: 100_000)
        #expect(throws: StoreError.self) { try run.writer.append(local: LocalRecords(logs: [Batch.log(big)])) }
        #expect(throws: StoreError.self) {
            try run.writer.append(local: LocalRecords(states: [Batch.state(.failed, time: 5)]))
        }
        try run.writer.limitPages(to: 1 << 30)
        try run.writer.append(local: LocalRecords(logs: [Batch.log("there is room again")]))
        try run.writer.commit()
        let snapshot = try run.reader().snapshot(RunQuery())
        #expect(snapshot.logs.map(\.message) == [big, "there is room again"])
        #expect(snapshot.workers.map(\.state) == [.failed])
    }

    @Test func `a run is written by one process at a time`() throws {
        let run = try RunBuilder()
        let failure = #expect(throws: StoreError.self) { try RunWriter.open(path: run.path) }
        #expect(failure?.code == .busy)
        try run.writer.close()
    }

    @Test func `the lock goes with its writer`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("run.sqlite")
        do { try RunWriter.create(path: path, header: try RunBuilder.header()).close() }
        #expect(throws: Never.self) { try RunWriter.open(path: path).close() }
    }

    @Test func `a run is not made twice`() throws {
        let run = try RunBuilder()
        try run.writer.close()
        let other = TemporaryFolder()
        let path = other.file("run.sqlite")
        try RunWriter.create(path: path, header: try RunBuilder.header()).close()
        let failure = #expect(throws: StoreError.self) {
            try RunWriter.create(path: path, header: try RunBuilder.header())
        }
        #expect(failure?.code == .exists)
    }

    @Test func `opening a run that is not there leaves nothing behind`() throws {
        let folder = TemporaryFolder()
        let failure = #expect(throws: StoreError.self) { try RunWriter.open(path: folder.file("run.sqlite")) }
        #expect(failure?.code == .notFound)
        #expect(FileBytes.exists(folder.file("run.sqlite.lock")) == false)
    }

    @Test func `a closed run is one plain file`() throws {
        let run = try RunBuilder()
        try run.step(1, [("loss", 4)], seq: 1)
        try run.writer.close()
        #expect(FileBytes.exists("\(run.path)-wal") == false)
        #expect(FileBytes.exists("\(run.path).new") == false)
        #expect(try run.reader().points(of: "loss").map(\.value) == [4])
    }

    @Test func `a trial folder that is missing is made for its owner alone`() throws {
        let folder = TemporaryFolder()
        let trial = HomeFolder(path: folder.file("home")).trial(try RunBuilder.header().id)
        let writer = try RunWriter.create(trial, header: try RunBuilder.header())
        #expect(writer.header == (try RunBuilder.header()))
        try writer.close()
        #expect(try FileMode.of(trial.path) == 0o700)
        #expect(try FileMode.of(trial.database) == 0o600)
    }
}

@Suite struct SealingTests {
    @Test(arguments: [1, 255, 256, 257, 512, 700])
    func `every row is there whether sealed or not`(count: Int) throws {
        let run = try RunBuilder()
        let values = (0..<count).map { Double($0) * 0.5 }
        try run.series("loss", values)
        #expect(
            try run.reader().points(of: "loss")
                == values.enumerated().map {
                    MetricPoint(step: $0 + 1, time: Int64($0 + 1) * 1_000_000, value: $1)
                })
        #expect(try Integrity.check(path: run.path).blocks == count / 256)
    }

    @Test func `sealing twice does nothing the second time`() throws {
        let run = try RunBuilder()
        try run.series("loss", (0..<300).map { Double($0) })
        try run.writer.sealEverything()
        let once = try Integrity.check(path: run.path)
        try run.writer.sealEverything()
        #expect(try Integrity.check(path: run.path) == once)
        #expect(once.blocks == 2)
        #expect(once.values == 300)
        #expect(try run.reader().points(of: "loss").count == 300)
    }

    @Test func `rows that come late or twice are sealed in step order`() throws {
        let run = try RunBuilder()
        let steps = [5, 3, 9, 3, 1]
        for (index, step) in steps.enumerated() { try run.step(step, [("a", Double(index))], seq: index + 1) }
        try run.writer.sealEverything()
        let points = try run.reader().points(of: "a")
        #expect(points.map(\.step) == [1, 3, 5, 9])
        #expect(points.map(\.value) == [4, 3, 0, 2])
    }

    @Test func `values that are not finite come back as they were`() throws {
        let run = try RunBuilder()
        try run.series("loss", [1, .nan, .infinity, -.infinity, -0.0])
        for _ in 0..<2 {
            let values = try run.reader().points(of: "loss").map(\.value)
            #expect(values.map(\.bitPattern) == [1, Double.nan, .infinity, -.infinity, -0.0].map(\.bitPattern))
            try run.writer.sealEverything()
        }
    }

    @Test func `a tail left by an older attempt is sealed apart from the newer one's`() throws {
        let run = try RunBuilder()
        try run.series("loss", (0..<10).map { Double($0) })
        try run.writer.beginAttempt(2, resumeStep: 10, time: 20_000_000, reason: "a worker died")
        try run.series("loss", (0..<10).map { Double($0) }, epoch: 2, firstStep: 11)
        try run.writer.sealEverything()
        #expect(try Integrity.check(path: run.path).blocks == 2)
        #expect(try run.reader().points(of: "loss").count == 20)
    }

    @Test func `rows that make no sense are left out, counted in the log, and the rest is kept`() throws {
        let run = try RunBuilder()
        let batch = Batch.of(seq: 1) { batch in
            var short = Batch.block(1, [("a", 1), ("b", 2)])
            short.rows[0].values = [1]
            var far = Batch.block(1, [("a", 1)])
            far.rows[0].step = .max
            batch.metrics = [
                short, far, Batch.block(1, [("c", 1), ("c", 2)]), Batch.block(1, [("", 1)]), Batch.block(2, [("a", 7)]),
            ]
        }
        #expect(try run.writer.append(batch) == .accepted(1))
        try run.writer.commit()
        #expect(try run.reader().points(of: "a").map(\.value) == [7])
        let messages = try run.reader().snapshot(RunQuery(logLevel: .warning)).logs.map(\.message)
        #expect(messages == ["4 metric rows made no sense and were left out"])
    }
}
