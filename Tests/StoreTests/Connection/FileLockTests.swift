import Glibc
import Protocol
import TestSupport
import Testing

@testable import Store

/// What the kernel says of the POSIX locks that this process holds on a file.
private enum KernelLocks {
    /// `READ` or `WRITE` for each lock on `path`.
    static func held(on path: String) throws -> [String] {
        var information = stat()
        guard stat(path, &information) == 0 else { throw FileBytes.Unreadable(path: path) }
        let text = String(decoding: try FileBytes.read("/proc/locks"), as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            // 1: POSIX  ADVISORY  READ 4242 fe:00:1311 1073741826 1073742335
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 5, words[1] == "POSIX", words[4] == "\(getpid())",
                words[5].hasSuffix(":\(information.st_ino)")
            else { return nil }
            return words[3]
        }
    }
}

/// Two programs in one file: SQLite's locks are all that tells one of the other.
@Suite struct `A run that is being written` {
    @Test func `stays locked whatever this process does to its file`() throws {
        let run = try RunBuilder()
        try run.series("loss", (0..<300).map { Double($0) })
        #expect(try KernelLocks.held(on: run.path).contains("READ"))

        let reader = try StoredRun.open(path: run.path)
        _ = try reader.snapshot(RunQuery(metrics: ["loss"]))
        _ = try StoredRun.open(path: run.path).catalogEntry()
        #expect(try Integrity.check(path: run.path).isSound)
        #expect(throws: StoreError.self) { try RunWriter.open(path: run.path) }
        #expect(throws: StoreError.self) { try RunWriter.create(path: run.path, header: try RunBuilder.header()) }
        let other = try SQLiteFile(path: run.path, mode: .writing)
        _ = try other.access { try $0.first("SELECT COUNT(*) FROM log") { $0.int(0) } }
        try other.close()
        #expect(try KernelLocks.held(on: run.path).contains("READ"))
    }

    @Test func `keeps its log while other programs read, back up and vacuum it`() throws {
        let run = try RunBuilder()
        try run.series("loss", [1, 2, 3])
        _ = try StoredRun.open(path: run.path).snapshot(RunQuery())
        let log = FileIdentity.of("\(run.path)-wal")
        #expect(log != nil)
        for words in ["select count(*) from log", ".backup \(run.folder.file("backup"))", "vacuum"] {
            #expect(try Shell.run("sqlite3", [run.path, words]) == 0, "\(words)")
            #expect(FileIdentity.of("\(run.path)-wal") == log, "\(words)")
        }
        try run.step(4, [("loss", 4)], seq: 2)
        let copy = try StoredRun.open(path: try run.crashed())
        #expect(try copy.points(of: "loss").map(\.value) == [1, 2, 3, 4])
    }
}

@Suite struct `A run whose file is taken away` {
    private func failure(_ body: () throws -> Void) -> StoreError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? StoreError)?.code
        }
    }

    @Test(arguments: [["-wal"], ["-shm"], ["-wal", "-shm"], [""], ["", "-wal", "-shm"]])
    func `is put back with everything that was ever stored`(suffixes: [String]) throws {
        let run = try RunBuilder()
        // As of a trial that runs: its orchestrator is this process.
        try run.writer.setStatus(.running, detail: "", time: 1, orchestrator: ProcessIdentity.current())
        try run.series("loss", (0..<300).map { Double($0) })
        let reader = try run.reader()
        #expect(try reader.points(of: "loss").count == 300)
        for suffix in suffixes { FileBytes.remove("\(run.path)\(suffix)") }
        try run.step(301, [("loss", 1)], seq: 2)

        // The names lead to all of it again, for a reader that had the old files open and for a new one.
        #expect(try reader.points(of: "loss").count == 301)
        #expect(try StoredRun.open(path: try run.crashed()).points(of: "loss").count == 301)
        #expect(try Integrity.check(path: run.path).findings == [], "while it is written")
        let notices = run.writer.takeNotices()
        #expect(notices.count == 1)
        for suffix in suffixes { #expect(notices.first?.contains("\(run.path)\(suffix)") == true) }
        #expect(run.writer.takeNotices() == [])

        try run.step(302, [("loss", 2)], seq: 3)
        try run.writer.close()
        #expect(try run.reader().points(of: "loss").count == 302)
        let findings = try Integrity.check(path: run.path).findings
        #expect(findings == [])
    }

    @Test func `by a folder that was removed is put into a new one`() throws {
        let folder = TemporaryFolder(), path = folder.file("trial/run.sqlite")
        #expect(mkdir(folder.file("trial"), 0o700) == 0)
        let writer = try RunWriter.create(path: path, header: try RunBuilder.header())
        try writer.beginAttempt(1, resumeStep: 0, time: 0, reason: "")
        for suffix in ["", "-wal", "-shm", ".lock"] { FileBytes.remove("\(path)\(suffix)") }
        #expect(rmdir(folder.file("trial")) == 0)
        _ = try writer.append(Batch.of(seq: 1) { $0.metrics = [Batch.block(1, [("loss", 1)])] })
        try writer.commit()
        #expect(try StoredRun.open(path: path).points(of: "loss").map(\.value) == [1])
        #expect(try FileMode.of(path) == 0o600)
    }

    @Test func `by a run that was begun in its place leaves everything to that one`() throws {
        let folder = TemporaryFolder(), path = folder.file("run.sqlite")
        let writer = try RunWriter.create(path: path, header: try RunBuilder.header())
        try writer.beginAttempt(1, resumeStep: 0, time: 0, reason: "")
        try writer.commit()
        for suffix in ["", "-wal", "-shm", ".lock"] { FileBytes.remove("\(path)\(suffix)") }
        let other = try RunWriter.create(path: path, header: try RunBuilder.header())
        let code = failure {
            _ = try writer.append(Batch.of(seq: 1) { $0.metrics = [Batch.block(1, [("loss", 1)])] })
            try writer.commit()
        }
        #expect(code == .busy)
        #expect(access("\(path).aside-1", F_OK) != 0)
        try other.close()
        #expect(try StoredRun.open(path: path).points(of: "loss").isEmpty)
    }

    @Test func `by another file leaves that one beside it`() throws {
        let run = try RunBuilder(), other = try RunBuilder()
        try run.series("loss", [1, 2])
        try other.series("other", [7])
        try other.writer.close()
        run.folder.write(try FileBytes.read(other.path), to: "replacement")
        #expect(rename(run.folder.file("replacement"), run.path) == 0)
        try run.step(3, [("loss", 3)], seq: 2)
        #expect(try run.reader().points(of: "loss").map(\.value) == [1, 2, 3])
        #expect(run.writer.takeNotices().first?.contains("\(run.path).aside-1") == true)
        #expect(try StoredRun.open(path: "\(run.path).aside-1").points(of: "other").map(\.value) == [7])
    }

    @Test func `acknowledges nothing while it cannot be put back, and all of it afterwards`() throws {
        let run = try RunBuilder()
        try run.series("loss", [1, 2])
        FileBytes.remove("\(run.path)-wal")
        // It stands for a full disk: the copy cannot be made.
        #expect(mkdir("\(run.path).rescue", 0o700) == 0)
        let batch = Batch.of(seq: 2) { $0.metrics = [Batch.block(3, [("loss", 3)])] }
        #expect(try run.writer.append(batch) == .accepted(2))
        for _ in 0..<3 { #expect(failure { try run.writer.commit() } == .permission) }
        #expect(rmdir("\(run.path).rescue") == 0)
        #expect(try run.writer.append(batch) == .repeated(2))
        try run.writer.commit()
        #expect(try StoredRun.open(path: try run.crashed()).points(of: "loss").map(\.value) == [1, 2, 3])
    }

    @Test func `is whole also where a crash came before the copy had its name`() throws {
        let run = try RunBuilder()
        try run.series("loss", [1, 2, 3])
        try run.writer.close()
        let bytes = try FileBytes.read(run.path)
        run.folder.write(bytes.prefix(8192), to: "run.sqlite")
        run.folder.write("left over", to: "run.sqlite-wal")
        run.folder.write(bytes, to: "run.sqlite.rescued")
        try RunWriter.open(path: run.path).close()
        #expect(try run.reader().points(of: "loss").map(\.value) == [1, 2, 3])
        #expect(!FileBytes.exists("\(run.path).rescued"))
    }
}
