import GRDBSQLite
import Protocol

/// The checksum of a row of records, the same from what is bound to it and from what stands in the file.
extension Checksum {
    /// From what is bound.
    static func row(_ values: [SQLValue]) -> Int64 {
        var crc = CRC32()
        for value in values {
            switch value {
            case .null: crc.addNull()
            case .integer(let value): crc.add(column: value)
            // SQLite has NULL for NaN, and no sign of zero.
            case .real(let value): if value.isNaN { crc.addNull() } else { crc.add(column: value) }
            case .text(let value):
                var text = value
                text.withUTF8 { crc.add(text: UnsafeRawBufferPointer($0)) }
            case .blob(let value): value.withUnsafeBytes { crc.add(blob: $0) }
            }
        }
        return Int64(crc.value)
    }
}

extension SQLStatement {
    /// `Checksum.row` of the first columns as they stand in the file: text that is no UTF-8 any more is not repaired.
    func checksum(ofFirst count: Int) -> Int64 {
        var crc = CRC32()
        for column in 0..<count {
            switch kind(column) {
            case SQLITE_INTEGER: crc.add(column: int64(column))
            case SQLITE_FLOAT: crc.add(column: double(column))
            case SQLITE_TEXT: withBytes(column) { crc.add(text: $0) }
            case SQLITE_BLOB: withBytes(column) { crc.add(blob: $0) }
            default: crc.addNull()
            }
        }
        return Int64(crc.value)
    }

    /// The first columns, to be bound again.
    func values(ofFirst count: Int) -> [SQLValue] {
        (0..<count).map { column in
            switch kind(column) {
            case SQLITE_INTEGER: .integer(int64(column))
            case SQLITE_FLOAT: .real(double(column))
            case SQLITE_TEXT: .text(text(column))
            case SQLITE_BLOB: .blob(bytes(column))
            default: .null
            }
        }
    }
}

/// A kind, so that the text "1" is not the number 1, then the content, with its length where it has one.
extension CRC32 {
    fileprivate mutating func addNull() { add(Int64(0)) }

    fileprivate mutating func add(column value: Int64) {
        add(Int64(1))
        add(value)
    }

    fileprivate mutating func add(column value: Double) {
        add(Int64(2))
        add(value + 0)
    }

    fileprivate mutating func add(text bytes: UnsafeRawBufferPointer) {
        add(Int64(3))
        add(Int64(bytes.count))
        add(bytes)
    }

    fileprivate mutating func add(blob bytes: UnsafeRawBufferPointer) {
        add(Int64(4))
        add(Int64(bytes.count))
        add(bytes)
    }
}
