import GRDB
import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct MigrationTests {
    private static let ladder = [
        "CREATE TABLE a (x); INSERT INTO a VALUES (1)", "ALTER TABLE a ADD COLUMN y DEFAULT 2",
        "CREATE TABLE b AS SELECT x + y AS z FROM a", "DROP TABLE a",
    ]
    private let folder = TemporaryFolder()

    private func file(at version: Int) throws -> SQLiteFile {
        let file = try SQLiteFile(creating: folder.write("", to: "v\(version).sqlite"))
        let older = SchemaMigrator(applicationID: 7, migrations: Array(Self.ladder.prefix(version)))
        try file.access { try older.migrate($0, from: 0) }
        return file
    }

    @Test(arguments: 1...4)
    func `a file of every older version becomes what a new one is`(version: Int) throws {
        let file = try file(at: version)
        let newest = SchemaMigrator(applicationID: 7, migrations: Self.ladder)
        let (reached, tables, values) = try file.access { database in
            try newest.migrate(database, from: newest.check(database, path: file.path))
            return (
                try newest.check(database, path: file.path),
                try database.rows("SELECT name FROM sqlite_schema ORDER BY name") { $0.text(0) },
                try database.rows("SELECT z FROM b") { $0.int(0) }
            )
        }
        #expect(reached == 4)
        #expect(tables == ["b"])
        #expect(values == [3])
    }

    @Test func `a file of the newest version is left as it is`() throws {
        let file = try file(at: 4)
        let newest = SchemaMigrator(applicationID: 7, migrations: Self.ladder)
        let changes = try file.access { database in
            let before = database.totalChangesCount
            try newest.migrate(database, from: 4)
            return database.totalChangesCount - before
        }
        #expect(changes == 0)
    }

    @Test(arguments: [
        (8, 4, StoreError.Code.damaged, "it belongs to another program"),
        (7, 5, .newerSchema, "its schema is version 5, this build knows 4"),
        (7, Int(Int32.max), .newerSchema, "its schema is version 2147483647, this build knows 4"),
        (7, 0, .damaged, "it has no schema"), (7, -3, .damaged, "it has no schema"),
    ])
    func `a file that is not ours, newer or empty is refused with what it is`(
        application: Int, version: Int, code: StoreError.Code, detail: String
    ) throws {
        let file = try file(at: 4)
        let newest = SchemaMigrator(applicationID: 7, migrations: Self.ladder)
        try file.access {
            try $0.execute(sql: "PRAGMA application_id = \(application); PRAGMA user_version = \(version)")
        }
        let failure = #expect(throws: StoreError.self) {
            try file.access { _ = try newest.check($0, path: file.path) }
        }
        #expect(failure == StoreError(code, path: file.path, detail: detail))
    }

    @Test func `a newer run tells what to do, from whichever side it is opened`() throws {
        let run = try RunBuilder()
        try run.writer.close()
        try Damage.run("PRAGMA user_version = 3", on: run.path)
        let before = try FileBytes.read(run.path)
        let opens: [() throws -> Void] = [
            { _ = try StoredRun.open(path: run.path) }, { _ = try StoredRun.open(path: run.path, mode: .immutable) },
            { _ = try RunWriter.open(path: run.path) }, { _ = try Integrity.check(path: run.path) },
        ]
        for open in opens {
            let failure = #expect(throws: StoreError.self, performing: open)
            #expect(
                failure?.report == """
                    the run database \(run.path) was written by a newer version of cockpit
                    its schema is version 3, this build knows 2
                    hint: open it with the version that wrote it
                    """)
        }
        #expect(try FileBytes.read(run.path) == before)
    }
}
