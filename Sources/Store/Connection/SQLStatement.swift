import GRDB
import GRDBSQLite

/// A value bound to a statement. Text goes in with its length, so a NUL inside it survives.
enum SQLValue {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    static func integer(_ value: Int) -> SQLValue { .integer(Int64(value)) }
}

/// One of GRDB's cached statements, bound and stepped through SQLite itself: no boxing a value on the way in, no copy
/// of a blob on the way out. Columns count from 0, parameters from 1, as in SQLite.
struct SQLStatement {
    private let owner: Statement
    private let raw: OpaquePointer

    fileprivate init(_ owner: Statement) {
        self.owner = owner
        raw = owner.sqliteStatement
    }

    // MARK: - Binding

    func bind(_ index: Int, _ value: Int64) { sqlite3_bind_int64(raw, Int32(index), value) }

    func bind(_ index: Int, _ value: Double) { sqlite3_bind_double(raw, Int32(index), value) }

    func bind(_ index: Int, _ value: String) {
        var value = value
        let _: Void = value.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) { characters in
                if let start = characters.baseAddress {
                    sqlite3_bind_text(raw, Int32(index), start, Int32(characters.count), transient)
                } else {
                    // An empty string may have no address at all, which SQLite would read as NULL.
                    sqlite3_bind_text(raw, Int32(index), "", 0, transient)
                }
            }
        }
    }

    func bind(_ index: Int, _ value: [UInt8]) {
        value.withUnsafeBytes { bytes in
            if bytes.isEmpty {
                _ = sqlite3_bind_zeroblob(raw, Int32(index), 0)
            } else {
                _ = sqlite3_bind_blob64(raw, Int32(index), bytes.baseAddress, UInt64(bytes.count), transient)
            }
        }
    }

    /// Binds without a copy.
    /// - Parameter bytes: must stay valid until `run()` returns, which clears the binding.
    func bindBorrowed(_ index: Int, _ bytes: UnsafeRawBufferPointer) {
        sqlite3_bind_blob64(raw, Int32(index), bytes.baseAddress, UInt64(bytes.count), nil)
    }

    func bind(_ values: [SQLValue]) {
        for (offset, value) in values.enumerated() {
            switch value {
            case .null: sqlite3_bind_null(raw, Int32(offset + 1))
            case .integer(let value): bind(offset + 1, value)
            case .real(let value): bind(offset + 1, value)
            case .text(let value): bind(offset + 1, value)
            case .blob(let value): bind(offset + 1, value)
            }
        }
    }

    // MARK: - Stepping

    /// Runs a statement that returns no rows.
    func run() throws {
        let code = sqlite3_step(raw)
        defer { finish() }
        if code != SQLITE_DONE, code != SQLITE_ROW { throw failure(code) }
    }

    /// Calls `body` for each row until it returns false; the row is valid only inside the call.
    func rows(_ body: (SQLStatement) throws -> Bool) throws {
        defer { finish() }
        while true {
            let code = sqlite3_step(raw)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code) }
            guard try body(self) else { return }
        }
    }

    private func finish() {
        sqlite3_reset(raw)
        sqlite3_clear_bindings(raw)
    }

    private func failure(_ code: Int32) -> DatabaseError {
        let connection = sqlite3_db_handle(raw)
        let message = sqlite3_errmsg(connection).map { String(cString: $0) }
        return DatabaseError(resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)), message: message)
    }

    // MARK: - Columns

    /// SQLite's own number for what is stored there.
    func kind(_ column: Int) -> Int32 { sqlite3_column_type(raw, Int32(column)) }

    func isNull(_ column: Int) -> Bool { sqlite3_column_type(raw, Int32(column)) == SQLITE_NULL }

    func int64(_ column: Int) -> Int64 { sqlite3_column_int64(raw, Int32(column)) }

    func int(_ column: Int) -> Int { Int(sqlite3_column_int64(raw, Int32(column))) }

    /// SQLite has no NaN; it stores NULL in its place, which reads as NaN again.
    func double(_ column: Int) -> Double { isNull(column) ? .nan : sqlite3_column_double(raw, Int32(column)) }

    func text(_ column: Int) -> String {
        guard let start = sqlite3_column_text(raw, Int32(column)) else { return "" }
        let count = Int(sqlite3_column_bytes(raw, Int32(column)))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func bytes(_ column: Int) -> [UInt8] { withBytes(column) { [UInt8]($0) } }

    /// The blob in place.
    /// - Parameter body: must not let the pointer escape; it is SQLite's own and dies with the row.
    func withBytes<T>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        let start = sqlite3_column_blob(raw, Int32(column))
        return try body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(raw, Int32(column)))))
    }
}

extension Database {
    /// The cached statement for `sql`; not to be used again while a caller is inside its rows.
    func statement(_ sql: String) throws -> SQLStatement { SQLStatement(try cachedStatement(sql: sql)) }

    /// Runs `sql` once with `values` bound in order.
    func run(_ sql: String, _ values: [SQLValue] = []) throws {
        let statement = try statement(sql)
        statement.bind(values)
        try statement.run()
    }

    /// What `body` makes of each row, in order.
    func rows<T>(_ sql: String, _ values: [SQLValue] = [], _ body: (SQLStatement) throws -> T) throws -> [T] {
        let statement = try statement(sql)
        statement.bind(values)
        var result: [T] = []
        try statement.rows {
            result.append(try body($0))
            return true
        }
        return result
    }

    /// What `body` makes of the first row, or nil when there is none.
    func first<T>(_ sql: String, _ values: [SQLValue] = [], _ body: (SQLStatement) throws -> T) throws -> T? {
        let statement = try statement(sql)
        statement.bind(values)
        var result: T?
        try statement.rows {
            result = try body($0)
            return false
        }
        return result
    }
}

/// SQLITE_TRANSIENT: SQLite copies the bytes before the call returns.
private var transient: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
