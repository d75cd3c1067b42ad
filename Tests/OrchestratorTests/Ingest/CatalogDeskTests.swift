import Glibc
import Protocol
import Store
import Synchronization
import TestSupport
import Testing

@testable import Orchestrator

private let second: Int64 = 1_000_000_000

/// A batch with one row of one series.
private func batch(step: UInt64, _ values: [String: Double]) -> WireTelemetryBatch {
    var row = WireMetricRow()
    row.step = step
    row.values = values.keys.sorted().compactMap { values[$0] }
    var block = WireMetricBlock()
    block.names = values.keys.sorted()
    block.rows = [row]
    var batch = WireTelemetryBatch()
    batch.metrics = [block]
    return batch
}

@Suite struct `The trial's line in the catalogue` {
    private let folder = TemporaryFolder()
    private var home: HomeFolder { HomeFolder(path: folder.path) }

    private func line() throws -> CatalogEntry {
        CatalogEntry(
            id: try Samples.id(), status: .pending, statusDetail: "", startedWall: 5, updatedWall: 0, step: 0,
            totalSteps: 9, orchestrator: ProcessIdentity(pid: 3, startTicks: 4), last: [:])
    }

    private func desk(_ catalog: RunCatalog) throws -> CatalogDesk {
        CatalogDesk(entry: try line()) { entry in
            do { try catalog.upsert(entry) } catch { Issue.record(error) }
        }
    }

    @Test func `is written at first, and then when something new is a second old`() throws {
        let catalog = try RunCatalog.open(home: home)
        var desk = try desk(catalog), tally = ProgressTally()
        desk.update(tally: &tally, now: 10 * second)
        #expect(try catalog.entries().map(\.step) == [0])
        tally.take(batch(step: 1, ["loss": 2]))
        #expect(desk.deadline(tally) == 11 * second)
        desk.update(tally: &tally, now: 11 * second - 1)
        #expect(try catalog.entries().map(\.step) == [0])
        desk.update(tally: &tally, now: 11 * second)
        #expect(try catalog.entries().map(\.step) == [1])
        #expect(try catalog.entries().first?.last == ["loss": 2])
        #expect(desk.deadline(tally) == nil)
    }

    @Test func `is written at once when the status changes`() throws {
        let catalog = try RunCatalog.open(home: home)
        var desk = try desk(catalog), tally = ProgressTally()
        desk.update(tally: &tally, now: 10 * second)
        desk.status(.running, detail: "")
        desk.update(tally: &tally, now: 10 * second)
        #expect(try catalog.entries().map(\.status) == [.running])
        #expect(try catalog.entries().first?.orchestrator == ProcessIdentity(pid: 3, startTicks: 4))
    }

    @Test(arguments: [TrialStatus.completed, .failed, .stopped])
    func `names no orchestrator after the end`(status: TrialStatus) throws {
        let catalog = try RunCatalog.open(home: home)
        var desk = try desk(catalog), tally = ProgressTally()
        desk.status(status, detail: "why")
        desk.update(tally: &tally, now: .max)
        let entry = try #require(try catalog.entries().first)
        #expect(entry.orchestrator == nil)
        #expect(entry.statusDetail == "why")
    }

    @Test func `is put again by its thread until a catalogue that cannot be opened at first takes it`() throws {
        let failures = Mutex(2), home = home
        let thread = try CatalogThread.start {
            let isRefused = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            if isRefused { throw StoreError(.busy, path: "catalog") }
            return try RunCatalog.open(home: home)
        }
        thread.put(try line())
        #expect(eventually { (try? RunCatalog.open(home: home).entries().map(\.totalSteps)) == [9] })
        thread.close()
    }

    @Test func `keeps no telemetry waiting while somebody has the catalogue locked`() throws {
        let isLocked = Mutex(true)
        let bench = try IngestBench(openCatalog: { home in
            while isLocked.withLock({ $0 }) { _ = try Poller.wait([], timeout: .milliseconds(5)) }
            return try RunCatalog.open(home: home)
        })
        let sender = try bench.sender()
        for seq in UInt64(1)...20 {
            _ = try sender.send([telemetryBatch(seq)])
            #expect(try telemetryAcknowledgement(sender) == seq)
        }
        isLocked.withLock { $0 = false }
        _ = bench.finish([.status(.completed, detail: "", time: 0)])
        #expect(try RunCatalog.open(home: bench.home).entries().map(\.status) == [.completed])
    }
}

@Suite struct `The tally over many batches` {
    @Test func `is what the rows say, one after another`() {
        for seed in UInt64(1)...50 {
            var random = SplitMix(seed: seed)
            var tally = ProgressTally()
            var steps: [UInt64] = [], last: [String: Double] = [:]
            for _ in 0..<30 {
                let step = UInt64.random(in: 0...99, using: &random)
                let name = ["a", "b", "c"].randomElement(using: &random) ?? "a"
                let value = [1, -0.5, .nan, .infinity, 1e300].randomElement(using: &random) ?? 0
                tally.take(batch(step: step, [name: value]))
                steps.append(step)
                if value.isFinite { last[name] = value }
            }
            #expect(UInt64(tally.step) == steps.max(), "seed \(seed)")
            #expect(tally.last == last, "seed \(seed)")
        }
    }

    @Test func `survives a step beyond all bounds`() {
        var tally = ProgressTally()
        tally.take(batch(step: .max, ["loss": 1]))
        #expect(tally.step == .max)
    }

    @Test func `is news after a rewind only when that moved it`() {
        var tally = ProgressTally()
        tally.take(batch(step: 5, ["loss": 1]))
        tally.reported()
        tally.rewind(to: 5)
        #expect(!tally.isChanged)
        tally.rewind(to: 2)
        #expect(tally.isChanged)
    }
}

@Suite struct `The queue between the threads` {
    @Test func `loses nothing and changes no order while several put and one takes`() throws {
        let queue = try IngestQueue(limit: 1 << 20)
        let writers = try (0..<4).map { writer in
            try TestThread {
                for number in 0..<500 { queue.put(.status(.running, detail: "\(writer) \(number)", time: 0)) }
            }
        }
        var seen: [String: [Int]] = [:], count = 0
        while count < 2000, try Poller.wait([queue.wakeUp.pollItem], timeout: .seconds(120))[0] {
            for case .status(_, let detail, _) in queue.take().entries {
                let words = detail.split(separator: " ").map(String.init)
                seen[words[0], default: []].append(Int(words[1]) ?? -1)
                count += 1
            }
        }
        for writer in writers { writer.join() }
        for writer in 0..<4 { #expect(seen["\(writer)"] == Array(0..<500)) }
    }

    @Test func `keeps only the newest run.json, and the one it is closed with over that`() throws {
        let queue = try IngestQueue()
        var record = RunRecord(
            id: try Samples.id(), orchestrator: ProcessIdentity(pid: 1, startTicks: 1), runtimeFolder: "",
            status: .running, attempt: 1, startedWall: 0, totalSteps: 0, workers: [])
        queue.put(record)
        record.attempt = 2
        queue.put(record)
        #expect(queue.take().runRecord?.attempt == 2)
        #expect(queue.take().runRecord == nil)
        queue.put(record)
        queue.close([])
        #expect(queue.take().runRecord?.attempt == 2)
        record.attempt = 3
        queue.close([], record: record)
        #expect(queue.take().runRecord?.attempt == 3)
    }

    @Test(arguments: [1, 2, 7])
    func `drops no more than it must, the oldest records first`(limit: Int) throws {
        let queue = try IngestQueue(limit: limit)
        for number in 0..<10 {
            let log = WireLogRecord.orchestrator(.info, "\(number)", time: 0)
            queue.put(.records(LocalRecords(logs: [log])))
        }
        let taken = queue.take()
        let left = taken.entries.flatMap { entry -> [String] in
            if case .records(let records) = entry { records.logs.map(\.message) } else { [] }
        }
        #expect(left == ((10 - limit)..<10).map { "\($0)" })
        #expect(taken.dropped == 10 - limit)
        #expect(queue.take().dropped == 0)
    }
}

@Suite struct `The benchmark of the transport` {
    private let folder = TemporaryFolder()

    @Test func `counts what another process had acknowledged`() throws {
        let source = ["bench", "telemetry-source", "--series", "4", "--steps", "300"]
        let result = try TransportBenchmark.run(
            home: HomeFolder(path: folder.path), source: source, series: 4, steps: 300, program: CockpitProgram.path)
        #expect(result.values == 1200)
        #expect(result.valuesPerSecond > 0)
        #expect(result.bytesPerValue > 0)
    }

    @Test func `says so when the store holds less than was to be sent`() {
        let source = ["bench", "telemetry-source", "--series", "2", "--steps", "3"]
        let error = #expect(throws: LaunchError.self) {
            try TransportBenchmark.run(
                home: HomeFolder(path: folder.path), source: source, series: 2, steps: 4, program: CockpitProgram.path)
        }
        #expect(error?.summary == "6 of 8 values are in the store")
    }

    @Test func `reports a sender that fails, with what it said`() throws {
        let error = #expect(throws: LaunchError.self) {
            try TransportBenchmark.run(
                home: HomeFolder(path: folder.path), source: ["-c", "echo no route >&2; exit 4"], series: 1, steps: 1,
                program: "/bin/sh")
        }
        #expect(error?.detail == "no route")
        #expect(error?.summary == "the sender did not get everything acknowledged")
    }

    @Test func `leaves no thread behind when the sender cannot be started`() {
        #expect(throws: SpawnError(path: "/nowhere/cockpit", number: ENOENT)) {
            try TransportBenchmark.run(
                home: HomeFolder(path: folder.path), source: [], series: 1, steps: 1, program: "/nowhere/cockpit")
        }
    }
}
