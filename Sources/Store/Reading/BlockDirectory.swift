import GRDB

/// The heads of all sealed blocks a reader has met: under 100 bytes for 256 rows. Blocks never change once sealed, so
/// only new ones are read.
struct BlockDirectory {
    private(set) var heads: [Int64: BlockHead] = [:]
    /// In the order they were sealed.
    private(set) var order: [Int64] = []
    private(set) var damaged: [Int64] = []
    private var newest: Int64 = 0

    /// Reads the heads that came since the last call.
    mutating func update(_ database: Database) throws {
        let found = try database.rows(BlockQueries.after, [.integer(newest)]) { ($0.int64(0), BlockQueries.row($0)) }
        for (id, head) in found {
            newest = max(newest, id)
            if let head {
                heads[id] = head
                order.append(id)
            } else {
                damaged.append(id)
            }
        }
    }
}
