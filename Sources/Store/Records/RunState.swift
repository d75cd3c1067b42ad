import GRDB
import Protocol

/// The part of the one `run` row that changes, as its checksum covers it; what never changes has one of its own.
struct RunState: Equatable {
    var status = TrialStatus.pending
    var detail = ""
    var statusTime: Int64 = 0
    var orchestrator: ProcessIdentity?
    var endTime: Int64 = 0

    static let header = "experiment, trial, started_wall, total_steps, header"
    static let headerCount = 5
    static let columns = "status, status_detail, status_time, orchestrator_pid, orchestrator_start_ticks, end_time"
    static let columnCount = 6

    var values: [SQLValue] {
        [
            .text(status.rawValue), .text(detail), .integer(statusTime),
            orchestrator.map { .integer(Int64($0.pid)) } ?? .null,
            orchestrator.map { .integer(Int64(bitPattern: $0.startTicks)) } ?? .null, .integer(endTime),
        ]
    }

    /// The state as stored; nil when the run has no row.
    static func load(_ database: Database) throws -> RunState? {
        try database.first("SELECT \(columns) FROM run") { row in
            RunState(
                status: TrialStatus(rawValue: row.text(0)) ?? .failed, detail: row.text(1), statusTime: row.int64(2),
                orchestrator: row.isNull(3)
                    ? nil
                    : ProcessIdentity(
                        pid: Int32(truncatingIfNeeded: row.int64(3)), startTicks: UInt64(bitPattern: row.int64(4))),
                endTime: row.int64(5))
        }
    }

    /// Why the run's own row cannot be trusted; nil when it can, or is of version 1.
    static func damage(_ database: Database) throws -> String? {
        let parts = [(header, headerCount, "crc"), (columns, columnCount, "state_crc")]
        let isSound = try parts.allSatisfy { columns, count, crc in
            try database.first("SELECT \(columns), \(crc) FROM run") { row in
                row.isNull(count) || row.checksum(ofFirst: count) == row.int64(count)
            } ?? true
        }
        return isSound ? nil : "the run's own row is damaged"
    }
}
