import Glibc
import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct OpeningTests {
    private func closedRun() throws -> RunBuilder {
        let run = try RunBuilder()
        try run.series("loss", (0..<300).map { Double($0) })
        try run.writer.close()
        return run
    }

    private func failure(_ path: String) -> StoreError.Code? {
        do {
            _ = try StoredRun.open(path: path).snapshot(RunQuery(metrics: ["loss"]))
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `a run that is not there is not found`() {
        #expect(failure("/nowhere/run.sqlite") == .notFound)
        #expect(failure("/tmp") == .notFound)
    }

    @Test func `what is no run is damaged`() throws {
        let folder = TemporaryFolder()
        #expect(failure(folder.write("", to: "empty")) == .damaged)
        #expect(failure(folder.write("hello, world: this is text", to: "text")) == .damaged)
        let foreign = folder.write("", to: "foreign")
        let file = try SQLiteFile(creating: foreign)
        try file.access { try $0.run("CREATE TABLE t (a)") }
        try file.close()
        #expect(failure(foreign) == .damaged)
    }

    @Test(arguments: [17, 100, 4096, 10_000, 20_480])
    func `a truncated run is damaged`(length: Int) throws {
        let run = try closedRun()
        let cut = run.folder.write(try FileBytes.read(run.path).prefix(length), to: "cut.sqlite")
        #expect(failure(cut) == .damaged)
    }

    @Test func `a newer schema is refused by readers, writers and the check`() throws {
        let run = try closedRun()
        try Damage.run("PRAGMA user_version = 99", on: run.path)
        let copy = run.folder.write(try FileBytes.read(run.path), to: "newer.sqlite")
        #expect(failure(copy) == .newerSchema)
        #expect(#expect(throws: StoreError.self) { try RunWriter.open(path: copy) }?.code == .newerSchema)
        #expect(#expect(throws: StoreError.self) { try Integrity.check(path: copy) }?.code == .newerSchema)
    }

    @Test func `a run on a medium that cannot be written is read as it is`() throws {
        let run = try closedRun()
        let reader = try StoredRun.open(path: run.path, mode: .immutable)
        #expect(try reader.points(of: "loss").count == 300)
        #expect(FileBytes.exists("\(run.path)-shm") == false)
        #expect(try reader.snapshot(RunQuery()).damage == [])
    }

    @Test func `there a log that cannot be read is told of`() throws {
        let run = try closedRun()
        run.folder.write("left over", to: "run.sqlite-wal")
        let reader = try StoredRun.open(path: run.path, mode: .immutable)
        #expect(try reader.snapshot(RunQuery()).damage.count == 1)
        #expect(try reader.points(of: "loss").count == 300)
    }

    @Test func `reading a run at rest writes nothing beside it`() throws {
        let run = try closedRun()
        let before = try #require(FolderListing.names(in: run.folder.path))
        let reader = try run.reader()
        #expect(try reader.points(of: "loss").count == 300)
        _ = try reader.snapshot(RunQuery(metrics: ["loss"]))
        #expect(try Integrity.check(path: run.path).isSound)
        #expect(FolderListing.names(in: run.folder.path) == before)
    }

    @Test func `a reader of a run at rest follows it when it is taken up again`() throws {
        let run = try closedRun()
        let reader = try run.reader()
        let counter = try reader.changeCounter()
        #expect(try reader.snapshot(RunQuery()).step == 300)
        let writer = try RunWriter.open(path: run.path)
        _ = try writer.append(Batch.of(seq: 2) { $0.metrics = [Batch.block(301, [("loss", 7)])] })
        try writer.commit()
        #expect(try reader.changeCounter() != counter)
        #expect(try reader.snapshot(RunQuery()).step == 301)
        try writer.close()
        #expect(try reader.snapshot(RunQuery()).step == 301)
    }

    @Test func `who may not write finds a sound run sound, and says what a log there keeps from them`() throws {
        let run = try closedRun()
        for name in FolderListing.names(in: run.folder.path) ?? [] { chmod(run.folder.file(name), 0o644) }
        chmod(run.folder.path, 0o555)
        defer { chmod(run.folder.path, 0o755) }
        let path = run.path
        let sound = try #require(Unprivileged.run { (try? Integrity.check(path: path))?.findings })
        #expect(sound == [])
        chmod(run.folder.path, 0o755)
        run.folder.write("left over", to: "run.sqlite-wal")
        chmod(run.folder.file("run.sqlite-wal"), 0o644)
        chmod(run.folder.path, 0o555)
        let cut = try #require(Unprivileged.run { (try? Integrity.check(path: path))?.findings })
        #expect(cut == ["the write-ahead log cannot be read on this medium: the newest records are missing"])
    }

    @Test func `a copy of the file alone of a run that is written does not look whole`() throws {
        let run = try RunBuilder()
        try run.series("loss", [4, 3, 2])
        let alone = run.folder.write(try FileBytes.read(run.path), to: "alone.sqlite")
        let sentence =
            "its log (run.sqlite-wal) is missing and the run was not closed: what was recorded after 0 s may be missing"
        #expect(try StoredRun.open(path: alone).snapshot(RunQuery()).damage == [sentence])
        #expect(try Integrity.check(path: alone).findings == [sentence])
        #expect(try run.reader().snapshot(RunQuery()).damage == [], "beside its log it is whole")
        let whole = try run.crashed()
        #expect(try StoredRun.open(path: whole).snapshot(RunQuery()).damage == [])
    }

    @Test func `nor one of a run that is taken up again`() throws {
        let run = try closedRun()
        #expect(try run.reader().snapshot(RunQuery()).damage == [])
        let writer = try RunWriter.open(path: run.path)
        let alone = run.folder.write(try FileBytes.read(run.path), to: "alone.sqlite")
        #expect(try Integrity.check(path: alone).findings.count == 1)
        try writer.close()
        let closed = run.folder.write(try FileBytes.read(run.path), to: "closed.sqlite")
        #expect(try Integrity.check(path: closed).findings == [])
    }

    @Test func `a log that comes between the look for it and the reading is not missing`() throws {
        let run = try closedRun()
        let writer = try RunWriter.open(path: run.path)
        var looks = 0
        let opening = try RunOpening.open(run.path) { path in
            looks += 1
            return looks == 1 ? .absent : .beside(path)
        }
        #expect(opening.damage == [])
        #expect(!opening.isOutdated)
        try writer.close()
    }

    @Test func `a look for it that never settles ends`() throws {
        let run = try closedRun()
        let writer = try RunWriter.open(path: run.path)
        var isThere = false
        let unsettled = try RunOpening.open(run.path) { _ in
            isThere.toggle()
            return isThere ? .absent : .empty
        }
        #expect(unsettled.damage.count == 1)
        try writer.close()
    }

    @Test func `a run that is just being made lacks no log`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("run.sqlite")
        try RunFile.make(path, header: RunBuilder.header(totalSteps: 7))
        #expect(try StoredRun.open(path: path).snapshot(RunQuery()).damage == [])
    }

    @Test func `the file alone keeps up with a slow run`() throws {
        let run = try RunBuilder()
        let folder = try LogFolder(path: run.path, interval: .zero)
        try run.series("loss", [4, 3, 2])
        #expect(folder.committed() == .nothing)
        try folder.close()
        let alone = run.folder.write(try FileBytes.read(run.path), to: "alone.sqlite")
        #expect(try StoredRun.open(path: alone).points(of: "loss").map(\.value) == [4, 3, 2])
    }

    @Test func `a copy of a live run is one sound file`() throws {
        let run = try RunBuilder()
        try run.series("loss", (0..<700).map { Double($0) })
        let target = run.folder.file("copy.sqlite")
        #expect(try RunCopy.make(of: run.path, to: target).isSound)
        try run.series("loss", [9], seq: 2, firstStep: 701)
        let copy = try StoredRun.open(path: target)
        #expect(try copy.points(of: "loss").count == 700)
        #expect(try copy.snapshot(RunQuery()).damage == [])
        #expect(FileBytes.exists("\(target)-wal") == false)
        #expect(#expect(throws: StoreError.self) { try RunCopy.make(of: run.path, to: target) }?.code == .exists)
    }

    @Test func `the header comes back whole`() throws {
        let run = try RunBuilder(totalSteps: 7)
        #expect(try run.reader().header == RunBuilder.header(totalSteps: 7))
        #expect(try run.reader().snapshot(RunQuery()).totalSteps == 7)
    }

    @Test func `a reader sees commits as they come and knows when there are none`() throws {
        let run = try RunBuilder()
        let reader = try run.reader()
        var last = try reader.changeCounter()
        #expect(try reader.changeCounter() == last)
        for step in 1...3 {
            try run.step(step, [("loss", Double(step))], seq: step)
            let now = try reader.changeCounter()
            #expect(now != last)
            last = now
            #expect(try reader.snapshot(RunQuery()).series.map(\.last) == [Double(step)])
            #expect(try reader.changeCounter() == last)
        }
    }

    @Test func `a reader holds nothing between calls, so the log can be folded back whole`() throws {
        let run = try RunBuilder()
        let reader = try run.reader()
        try run.series("loss", (0..<300).map { Double($0) })
        _ = try reader.snapshot(RunQuery(metrics: ["loss"]))
        let busy = try run.writer.file.access { try $0.first("PRAGMA wal_checkpoint(TRUNCATE)") { $0.int(0) } }
        #expect(busy == 0)
        #expect(try FileBytes.read("\(run.path)-wal").isEmpty)
    }
}
