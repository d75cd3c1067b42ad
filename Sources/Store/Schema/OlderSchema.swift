import GRDB

/// Lets readers of today read files of older versions, which they must not change: temporary views stand in front of
/// the tables and have what newer versions added. They go with the transaction that made them.
enum OlderSchema {
    static func prepare(_ database: Database, version: Int) throws {
        guard version < 2 else { return }
        for table in RecordTable.all {
            try database.execute(sql: "CREATE TEMP VIEW \(table.name) AS SELECT *, NULL AS crc FROM main.\(table.name)")
        }
        try database.execute(
            sql: """
                CREATE TEMP VIEW run AS SELECT *, NULL AS crc, NULL AS state_crc, 1 AS closed FROM main.run
                """)
    }
}
