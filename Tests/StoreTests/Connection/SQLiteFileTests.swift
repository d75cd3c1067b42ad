import GRDB
import Glibc
import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct SQLiteFileTests {
    private let folder = TemporaryFolder()

    private func table(_ name: String = "t.sqlite") throws -> SQLiteFile {
        let file = try SQLiteFile(creating: folder.write("", to: name))
        try file.access { try $0.execute(sql: "CREATE TABLE t (a UNIQUE, b)") }
        return file
    }

    private func failure(_ body: () throws -> Void) -> StoreError? {
        do {
            try body()
            return nil
        } catch {
            return error as? StoreError
        }
    }

    @Test func `errors of SQLite come as what they mean, with its own words and the path`() throws {
        let file = try table()
        let syntax = failure { try file.access { try $0.run("SELEC 1") } }
        #expect(syntax?.code == .database)
        #expect(syntax?.detail.contains("syntax error") == true)
        let unique = failure {
            try file.access { try $0.run("INSERT INTO t VALUES (1, 1), (1, 1)") }
        }
        #expect(unique?.code == .database)
        #expect(unique?.detail.contains("UNIQUE") == true)
        #expect([syntax?.path, unique?.path] == [file.path, file.path])
    }

    @Test func `a database that cannot grow says the disk is full and keeps what it had`() throws {
        let file = try table()
        try file.access { try $0.run("PRAGMA max_page_count = 4") }
        let full = failure {
            for number in 0..<100 {
                try file.access {
                    try $0.run("INSERT INTO t VALUES (?, zeroblob(2000))", [.integer(number)])
                }
            }
        }
        #expect(full?.code == .diskFull)
        #expect(full?.hint == "free space on that disk; training goes on and storing resumes by itself")
        let check = try file.access { try $0.first("PRAGMA integrity_check") { $0.text(0) } }
        #expect(check == "ok")
    }

    @Test func `an error that is not SQLite's is kept, a store's own passes unchanged`() throws {
        struct Odd: Error {}
        let file = try table()
        #expect(failure { try file.access { _ in throw Odd() } }?.code == .database)
        let own = StoreError(.busy, path: "/elsewhere", detail: "x")
        #expect(failure { try file.access { _ in throw own } } == own)
    }

    @Test func `pages overwritten behind its back are damage, not a crash`() throws {
        let file = try table()
        try file.access { database in
            for number in 0..<200 { try database.run("INSERT INTO t VALUES (?, 'text')", [.integer(number)]) }
        }
        try file.close()
        var bytes = try FileBytes.read(file.path)
        for index in 4096..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
        let broken = try SQLiteFile(path: folder.write(bytes, to: "broken.sqlite"), mode: .reading)
        let found = failure { try broken.reading { _ = try $0.rows("SELECT * FROM t ORDER BY b") { $0.text(1) } } }
        #expect(found?.code == .damaged)
        #expect(found?.hint == "check it with: cockpit doctor")
    }

    @Test(arguments: [
        ("", "the file is empty"), ("SQLite format 3", "it is no SQLite database"), ("x", "it is no SQLite database"),
    ])
    func `what is no database is told from one`(content: String, detail: String) {
        let path = folder.write(content, to: "not.sqlite")
        for mode in [SQLiteFile.Mode.reading, .writing, .immutable] {
            #expect(
                failure { _ = try SQLiteFile(path: path, mode: mode) }
                    == StoreError(.damaged, path: path, detail: detail))
        }
    }

    @Test func `a folder, a pipe and a link to nowhere are no runs, and nothing waits for them`() {
        let pipe = folder.file("pipe"), dangling = folder.file("dangling"), loop = folder.file("loop")
        #expect(symlink(folder.file("nowhere"), dangling) == 0)
        #expect(symlink(loop, loop) == 0)
        for path in [folder.path, dangling, loop, folder.file("none")] {
            #expect(failure { _ = try StoredRun.open(path: path) }?.code == .notFound, "\(path)")
        }
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(failure { _ = try StoredRun.open(path: pipe) }?.detail == "it is no plain file")
    }

    @Test func `an index of the log that cannot be made does not hide a closed run`() throws {
        let run = try RunBuilder()
        try run.series("loss", [3, 2, 1])
        try run.writer.close()
        // As on a medium that cannot be written: the file is there, and nothing can be made beside it.
        #expect(symlink(run.folder.file("nowhere"), "\(run.path)-shm") == 0)
        let reader = try StoredRun.open(path: run.path)
        #expect(try reader.points(of: "loss").map(\.value) == [3, 2, 1])
        let counters = try (0..<3).map { _ in
            _ = try reader.snapshot(RunQuery())
            return try reader.changeCounter()
        }
        #expect(Set(counters).count == 1)
    }

    @Test func `a file that may not be read is told so`() throws {
        let run = try RunBuilder()
        try run.writer.close()
        #expect(chmod(run.folder.path, 0o755) == 0)
        #expect(chmod(run.path, 0) == 0)
        let path = run.path
        let found = Unprivileged.run { self.failure { _ = try StoredRun.open(path: path) } }
        #expect(found??.code == .permission)
        #expect(found??.report == "\(run.path) may not be opened\nPermission denied")
    }

    @Test func `a run that may only be read is read, and not written`() throws {
        let run = try RunBuilder()
        try run.series("loss", [3, 2, 1])
        try run.writer.close()
        #expect(chmod(run.path, 0o444) == 0)
        #expect(chmod(run.folder.path, 0o555) == 0)
        let path = run.path
        let values = Unprivileged.run { try? StoredRun.open(path: path).points(of: "loss").map(\.value) }
        let refused = Unprivileged.run { self.failure { _ = try RunWriter.open(path: path) } }
        #expect(chmod(run.folder.path, 0o700) == 0)
        #expect((values ?? nil) == [3, 2, 1])
        #expect(refused??.code == .permission)
    }
}

@Suite struct ColumnTypeTests {
    /// What one literal reads as, by every way to read it.
    private func read(_ literal: String) throws -> [String] {
        let folder = TemporaryFolder()
        let file = try SQLiteFile(creating: folder.write("", to: "t.sqlite"))
        let found = try file.access { database in
            try database.first("SELECT \(literal)") { row in
                ["\(row.isNull(0))", "\(row.int64(0))", "\(row.double(0))", row.text(0), "\(row.bytes(0).count)"]
            }
        }
        return found ?? []
    }

    @Test(arguments: [
        ("NULL", ["true", "0", "nan", "", "0"]), ("7", ["false", "7", "7.0", "7", "1"]),
        (
            "9223372036854775807",
            ["false", "9223372036854775807", "9.223372036854776e+18", "9223372036854775807", "19"]
        ),
        ("1.5", ["false", "1", "1.5", "1.5", "3"]), ("9e999", ["false", "9223372036854775807", "inf", "Inf", "3"]),
        ("'12x'", ["false", "12", "12.0", "12x", "3"]), ("''", ["false", "0", "0.0", "", "0"]),
        ("x''", ["false", "0", "0.0", "", "0"]), ("x'41ff42'", ["false", "0", "0.0", "A\u{fffd}B", "3"]),
        ("'é'", ["false", "0", "0.0", "é", "2"]),
    ])
    func `a column of any type is read as any other without a trap`(literal: String, expected: [String]) throws {
        #expect(try read(literal) == expected)
    }

    @Test func `values bound in order keep their type, and none is left for the next run`() throws {
        let folder = TemporaryFolder()
        let file = try SQLiteFile(creating: folder.write("", to: "t.sqlite"))
        let values: [SQLValue] = [.null, .integer(Int64.min), .real(-0.5), .text("t"), .blob([1])]
        let sql = "SELECT typeof(?1), typeof(?2), typeof(?3), typeof(?4), typeof(?5)"
        let types = try file.access { database in
            try [values, [.integer(1)], []].map { bound in
                try database.first(sql, bound) { row in (0..<5).map { row.text($0) } } ?? []
            }
        }
        #expect(types[0] == ["null", "integer", "real", "text", "blob"])
        #expect(types[1] == ["integer", "null", "null", "null", "null"])
        #expect(types[2] == ["null", "null", "null", "null", "null"])
    }

    @Test func `an error in the middle of the rows resets the statement`() throws {
        struct Enough: Error {}
        let folder = TemporaryFolder()
        let file = try SQLiteFile(creating: folder.write("", to: "t.sqlite"))
        let sql = "SELECT value FROM json_each('[1,2,3]')"
        #expect(throws: StoreError.self) {
            try file.access { _ = try $0.rows(sql) { if $0.int(0) == 2 { throw Enough() } } }
        }
        let again = try file.access { try $0.rows(sql) { $0.int(0) } }
        #expect(again == [1, 2, 3])
    }
}

@Suite struct StoreErrorReportTests {
    @Test(
        arguments: [
            (StoreError.Code.notFound, "list what there is with: cockpit list"),
            (.exists, "continue it with --recover-mode resume, or choose another trial name"),
            (.damaged, "check it with: cockpit doctor"), (.newerSchema, "open it with the version that wrote it"),
            (.diskFull, "free space on that disk; training goes on and storing resumes by itself"),
            (.fileLimit, "raise the limit of the process with prlimit --fsize; storing resumes by itself"),
            (.busy, "attach to the running trial with: cockpit attach"), (.permission, nil), (.database, nil),
        ] as [(StoreError.Code, String?)])
    func `every error ends with what to do next, where something can be done`(code: StoreError.Code, hint: String?) {
        let error = StoreError(code, path: "/a b/run.sqlite", detail: "the reason")
        let lines = error.report.split(separator: "\n").map { String($0) }
        #expect(lines.first?.contains("/a b/run.sqlite") == true)
        #expect(lines.dropFirst().first == "the reason")
        #expect(lines.dropFirst(2).first == hint.map { "hint: \($0)" })
        #expect(error.exitCode == 1)
    }
}
