import GRDB
import Protocol

/// What is known of a sealed block without reading a value: which rows it has, of which attempt, when.
struct BlockHead: Equatable {
    var id: Int64
    let columnSet: Int64
    let attempt: Int64
    let count: Int
    let firstStep: Int64
    let lastStep: Int64
    let steps: AxisCodec.Steps
    /// The earliest and the latest time of its rows.
    let firstTime: Int64
    let lastTime: Int64

    /// Covers everything in the row, the encoded times included.
    func checksum(times: [UInt8]) -> Int64 {
        var crc = CRC32()
        for number in [id, columnSet, attempt, Int64(count), firstStep, lastStep, firstTime, lastTime] {
            crc.add(number)
        }
        switch steps {
        case .strided(_, let stride): crc.add(stride)
        case .explicit(let bytes): crc.add(bytes)
        }
        crc.add(times)
        return Int64(crc.value)
    }
}

enum BlockQueries {
    static let after = """
        SELECT id, column_set, attempt, n, first_step, last_step, stride, steps, first_time, last_time, times, crc
        FROM block WHERE id > ? ORDER BY id
        """

    /// The block of a row of `after`, or nil when its checksum or its counts are wrong.
    static func row(_ row: SQLStatement) -> BlockHead? {
        let steps: AxisCodec.Steps =
            row.isNull(6) ? .explicit(row.bytes(7)) : .strided(first: row.int64(4), stride: row.int64(6))
        let head = BlockHead(
            id: row.int64(0), columnSet: row.int64(1), attempt: row.int64(2), count: row.int(3),
            firstStep: row.int64(4),
            lastStep: row.int64(5), steps: steps, firstTime: row.int64(8), lastTime: row.int64(9))
        let isSound = head.checksum(times: row.bytes(10)) == row.int64(11)
        return isSound && (1...BlockLimits.largestRows).contains(head.count) ? head : nil
    }

    /// The times of the rows of `block`, or nil when they are damaged.
    static func times(of block: BlockHead, in database: Database) throws -> [Int64]? {
        try database.first("SELECT times FROM block WHERE id = ?", [.integer(block.id)]) { row in
            row.withBytes(0) { AxisCodec.decode($0, count: block.count) }
        } ?? nil
    }
}

/// A row of the tail as read back.
struct TailRow {
    let columnSet: Int64
    let attempt: Int64
    let step: Int64
    let time: Int64
    let values: [Double]
    let isSound: Bool
}

enum TailQueries {
    static let ofSet = "SELECT id, attempt, step, time, packed, crc FROM tail WHERE id BETWEEN ? AND ? ORDER BY id"
    static let all = "SELECT id, attempt, step, time, packed, crc FROM tail ORDER BY id"

    static func row(_ row: SQLStatement) -> TailRow {
        let id = row.int64(0), attempt = row.int64(1), step = row.int64(2), time = row.int64(3)
        return row.withBytes(4) { packed in
            let crc = Checksum.tail(id: id, attempt: attempt, step: step, time: time, packed: packed)
            let values = (0..<packed.count / 8).map { index in
                Double(
                    bitPattern: UInt64(littleEndian: packed.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)))
            }
            return TailRow(
                columnSet: id >> 32, attempt: attempt, step: step, time: time, values: values,
                isSound: crc == row.int64(5) && packed.count % 8 == 0)
        }
    }
}
