import GRDB
import TestSupport
import Testing

@testable import Store

@Suite struct SQLStatementTests {
    private let folder = TemporaryFolder()

    private func open(_ name: String = "t.sqlite") throws -> SQLiteFile {
        let file = try SQLiteFile(creating: folder.write("", to: name))
        try file.access { try $0.execute(sql: "CREATE TABLE t (a)") }
        return file
    }

    @Test(arguments: ["", "plain", "nul\u{0}in it", "训练 \u{1F680}", "'; DROP TABLE t; --"])
    func `text goes in and comes back whole`(text: String) throws {
        let file = try open()
        let back = try file.access { database in
            try database.run("INSERT INTO t VALUES (?)", [.text(text)])
            return try database.rows("SELECT a FROM t WHERE a = ?", [.text(text)]) { $0.text(0) }
        }
        #expect(back == [text])
    }

    @Test(arguments: [[], [0], [1, 0, 255]] as [[UInt8]])
    func `blobs go in and come back, an empty one is no NULL`(bytes: [UInt8]) throws {
        let file = try open()
        let (back, isNull) = try file.access { database in
            try database.run("INSERT INTO t VALUES (?)", [.blob(bytes)])
            return try database.first("SELECT a FROM t") { ($0.bytes(0), $0.isNull(0)) } ?? ([9], true)
        }
        #expect(back == bytes)
        #expect(isNull == false)
    }

    @Test(arguments: [Double.nan, .infinity, -1.5, .leastNonzeroMagnitude])
    func `numbers go in and come back, a NaN as the NULL it becomes`(number: Double) throws {
        let file = try open()
        let back = try file.access { database in
            try database.run("INSERT INTO t VALUES (?)", [.real(number)])
            return try database.first("SELECT a FROM t") { $0.double(0) }
        }
        #expect(back?.bitPattern == number.bitPattern)
    }

    @Test func `a statement that failed can be used again`() throws {
        let file = try open()
        try file.access { try $0.execute(sql: "CREATE UNIQUE INDEX i ON t (a)") }
        let insert = { (value: Int) throws in
            try file.access { try $0.run("INSERT INTO t VALUES (?)", [.integer(value)]) }
        }
        try insert(1)
        #expect(throws: StoreError.self) { try insert(1) }
        try insert(2)
        let count = try file.access { try $0.first("SELECT COUNT(*) FROM t", []) { $0.int(0) } }
        #expect(count == 2)
    }

    @Test func `a reader that stops early leaves nothing open`() throws {
        let file = try open()
        let isInside = try file.access { database in
            for value in 0..<10 { try database.run("INSERT INTO t VALUES (?)", [.integer(value)]) }
            #expect(try database.first("SELECT a FROM t ORDER BY a", []) { $0.int(0) } == 0)
            return database.isInsideTransaction
        }
        #expect(isInside == false)
        #expect(throws: Never.self) { try file.access { try $0.execute(sql: "DROP TABLE t") } }
    }

    @Test func `an error inside a read transaction ends it`() throws {
        let file = try open()
        #expect(throws: StoreError.self) { try file.reading { try $0.run("SELECT nonsense FROM t") } }
        let isInside = try file.access { $0.isInsideTransaction }
        #expect(isInside == false)
    }

    @Test func `a path with every kind of character is opened as it is, also on read-only media`() throws {
        let name = "a b%3f?#'é&immutable=0.sqlite"
        try open(name).close()
        for mode in [SQLiteFile.Mode.reading, .immutable] {
            let file = try SQLiteFile(path: folder.file(name), mode: mode)
            let count = try file.reading { try $0.first("SELECT COUNT(*) FROM t", []) { $0.int(0) } }
            #expect(count == 0)
        }
    }

    @Test func `a reader cannot write`() throws {
        try open().close()
        let file = try SQLiteFile(path: folder.file("t.sqlite"), mode: .reading)
        let failure = #expect(throws: StoreError.self) { try file.access { try $0.run("INSERT INTO t VALUES (1)") } }
        #expect(failure?.code == .permission)
    }
}

@Suite struct StoreErrorTests {
    @Test(arguments: [
        (StoreError.Code.notFound, "there is no run at /p"), (.exists, "there is a run at /p already"),
        (.damaged, "the run database /p is damaged"),
        (.newerSchema, "the run database /p was written by a newer version of cockpit"),
        (.diskFull, "the disk is full: /p cannot grow"), (.busy, "another process is writing /p"),
        (.permission, "/p may not be opened"), (.database, "the run database /p reported an error"),
    ])
    func `every code says what failed`(code: StoreError.Code, summary: String) {
        #expect(StoreError(code, path: "/p").summary == summary)
    }

    @Test func `what can be done about it is said where there is something`() {
        let codes: [StoreError.Code] = [.notFound, .exists, .damaged, .newerSchema, .diskFull, .busy]
        for code in codes { #expect(StoreError(code, path: "/p").hint != nil) }
    }
}
