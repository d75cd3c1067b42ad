import Glibc
import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct WriterLockTests {
    private let folder = TemporaryFolder()

    private func code(_ body: () throws -> Void) -> StoreError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? StoreError)?.code
        }
    }

    @Test func `a second writer is refused until the first lets go`() throws {
        let path = folder.file("run.sqlite")
        do {
            let held = try WriterLock.take(path)
            #expect(code { _ = try WriterLock.take(path) } == .busy)
            withExtendedLifetime(held) {}
        }
        #expect(code { _ = try WriterLock.take(path) } == nil)
        #expect(try FileMode.of("\(path).lock") == 0o600)
    }

    @Test func `a lock is let go also where a child that is just starting has its file open`() throws {
        let path = folder.file("run.sqlite")
        let child: SharedDescriptor
        do {
            let held = try WriterLock.take(path)
            child = try #require(SharedDescriptor(path: "\(path).lock"))
            withExtendedLifetime(held) {}
        }
        #expect(code { _ = try WriterLock.take(path) } == nil)
        withExtendedLifetime(child) {}
    }

    @Test func `a lock that is somebody's link is not followed`() throws {
        let target = folder.write("precious", to: "target")
        #expect(symlink(target, folder.file("run.sqlite.lock")) == 0)
        #expect(code { _ = try WriterLock.take(folder.file("run.sqlite")) } == .permission)
        #expect(code { _ = try WriterLock.wait(for: folder.file("run.sqlite")) } == .permission)
        #expect(try FileBytes.read(target) == Array("precious".utf8))
    }

    @Test func `a lock in a folder that is not there cannot be taken`() {
        #expect(code { _ = try WriterLock.take(folder.file("no/run.sqlite")) } == .permission)
    }

    @Test func `who waits for a lock gets it when its holder lets go`() throws {
        let path = folder.file("catalog")
        let order = Order()
        let thread: TestThread
        do {
            let held = try WriterLock.take(path)
            thread = try TestThread {
                order.add("asks")
                guard let lock = try? WriterLock.wait(for: path) else { return }
                order.add("has it")
                withExtendedLifetime(lock) {}
            }
            #expect(eventually { order.steps == ["asks"] })
            order.add("lets go")
            withExtendedLifetime(held) {}
        }
        thread.join()
        #expect(order.steps == ["asks", "lets go", "has it"])
    }
}

@Suite struct NewRunTests {
    private let folder = TemporaryFolder()

    @Test func `what a removed run left behind does not come back in the new one`() throws {
        let old = try RunBuilder()
        try old.series("old", (0..<600).map { Double($0) })
        let crashed = try old.crashed()
        let log = try FileBytes.read("\(crashed)-wal")
        #expect(log.count > 32)
        let path = folder.file("run.sqlite")
        for suffix in ["-wal", "-shm", "-journal", ".new"] { folder.write(log, to: "run.sqlite\(suffix)") }
        let writer = try RunWriter.create(path: path, header: try RunBuilder.header(totalSteps: 7))
        try writer.beginAttempt(1, resumeStep: 0, time: 1, reason: "")
        _ = try writer.append(Batch.of(seq: 1) { $0.metrics = [Batch.block(1, [("new", 1)])] })
        try writer.commit()
        let snapshot = try StoredRun.open(path: path).snapshot(RunQuery())
        #expect(snapshot.series.map(\.key) == ["new"])
        #expect(snapshot.totalSteps == 7)
        #expect(try Integrity.check(path: path).findings == [])
    }

    @Test func `a run, its log and its lock are their owner's alone`() throws {
        let path = folder.file("run.sqlite")
        let writer = try RunWriter.create(path: path, header: try RunBuilder.header())
        try writer.beginAttempt(1, resumeStep: 0, time: 0, reason: "")
        for suffix in ["", "-wal", "-shm", ".lock"] { #expect(try FileMode.of("\(path)\(suffix)") & 0o077 == 0) }
    }

    @Test func `a trial folder that cannot be made is named`() throws {
        let home = HomeFolder(path: folder.write("a file, no folder", to: "home"))
        let trial = home.trial(try RunBuilder.header().id)
        let failure = #expect(throws: StoreError.self) {
            try RunWriter.create(trial, header: try RunBuilder.header())
        }
        #expect(failure?.code == .permission)
        #expect(failure?.path == trial.path)
        #expect(failure?.detail == "Not a directory")
    }

    @Test func `a draft that cannot be made leaves no run behind`() throws {
        let path = folder.file("run.sqlite")
        #expect(mkdir("\(path).new", 0o700) == 0)
        folder.write("in the way", to: "run.sqlite.new/file")
        let failure = #expect(throws: StoreError.self) {
            try RunWriter.create(path: path, header: try RunBuilder.header())
        }
        #expect(failure?.code == .permission)
        #expect(FileBytes.exists(path) == false)
        // The lock went with the failure.
        FileBytes.remove("\(path).new/file")
        #expect(rmdir("\(path).new") == 0)
        #expect(throws: Never.self) { try RunWriter.create(path: path, header: try RunBuilder.header()).close() }
    }

    @Test(arguments: [
        ("DELETE FROM run", "it has no run row"), ("UPDATE run SET header = '{'", "its header cannot be read"),
        ("UPDATE run SET header = '{}'", "its header cannot be read"),
        ("UPDATE run SET header = x'ff00'", "its header cannot be read"),
    ])
    func `a run whose header is gone is damaged, and says so`(damage: String, detail: String) throws {
        let run = try RunBuilder()
        try run.writer.close()
        try Damage.run(damage, on: run.path)
        for open in [{ _ = try StoredRun.open(path: run.path) }, { _ = try RunWriter.open(path: run.path) }] {
            let failure = #expect(throws: StoreError.self, performing: open)
            #expect(failure?.code == .damaged)
            #expect(failure?.detail.hasPrefix(detail) == true, "\(failure?.detail ?? "")")
        }
    }

    @Test func `the header holds every kind of text and number`() throws {
        var header = try RunBuilder.header()
        header.startedWall = .max
        header.settings = ["": "", "a.b": "'; DROP TABLE run; --", "训练": "nul\u{0}\u{1b}[2J\u{202e}"]
        header.workers = []
        header.lanes = []
        let path = folder.file("run.sqlite")
        try RunWriter.create(path: path, header: header).close()
        #expect(try StoredRun.open(path: path).header == header)
        #expect(try RunWriter.open(path: path).header == header)
    }
}

@Suite struct LogSizeTests {
    @Test func `a log that grew once is small again after the next commits`() throws {
        let run = try RunBuilder()
        let message = String(repeating: "x", count: 1 << 20)
        _ = try run.writer.append(Batch.of(seq: 1) { $0.logs = (0..<30).map { _ in Batch.log(message) } })
        try run.writer.commit()
        #expect(try FileBytes.size("\(run.path)-wal") > 24 << 20)
        for seq in 2...4 {
            _ = try run.writer.append(Batch.of(seq: seq) { $0.logs = [Batch.log("small")] })
            try run.writer.commit()
        }
        #expect(try FileBytes.size("\(run.path)-wal") <= LogFolder.softLimit)
        #expect(try run.reader().logs(after: 0, limit: 100, level: .debug, worker: nil).count == 33)
    }

    @Test func `a log that nobody folds asks for it only when it is large`() throws {
        let run = try RunBuilder()
        try run.step(1, [("loss", 1)], seq: 1)
        let folder = try LogFolder(path: run.path)
        #expect(folder.committed() == .nothing)
        try folder.close()
    }
}
