import GRDB

/// One set of processes of a trial, and the step it went on from.
struct Attempt: Equatable {
    let number: Int64
    let resumeStep: Int64
    let time: Int64
}

/// Which rows a reader shows: nothing later than the playhead, and of an older attempt nothing that a later one,
/// begun by then, has run again.
struct Visibility: Equatable {
    /// Attempts begun at the playhead, in order.
    let attempts: [Attempt]
    /// The playhead; `.max` at the head, where everything has happened.
    let time: Int64
    /// The last step of each attempt that counts; an attempt that is not here has no limit.
    private let limits: [Int64: Int64]

    /// What part of a block's rows is shown.
    enum Coverage {
        case none
        case some
        case all
    }

    init(attempts: [Attempt], time: Int64) {
        self.attempts = attempts.filter { $0.time <= time }.sorted { $0.number < $1.number }
        self.time = time
        var limits: [Int64: Int64] = [:]
        var limit = Int64.max
        for attempt in self.attempts.reversed() {
            limits[attempt.number] = limit
            limit = min(limit, attempt.resumeStep)
        }
        self.limits = limits
    }

    static func load(_ database: Database, time: Int64) throws -> Visibility {
        // A damaged row could hide a whole run; without it a few steps are shown that were done again.
        let attempts = try database.rows("SELECT \(RecordTable.attempt.list) FROM attempt") { row in
            RecordTable.attempt.isSound(row)
                ? Attempt(number: row.int64(0), resumeStep: row.int64(1), time: row.int64(2)) : nil
        }
        return Visibility(attempts: attempts.compactMap { $0 }, time: time)
    }

    /// Whether everything that was ever stored is shown, so that the values kept in `series` are the right ones.
    var showsEverything: Bool { time == .max && attempts.count < 2 }

    /// The newest attempt at the playhead; 0 before the first.
    var current: Int64 { attempts.last?.number ?? 0 }

    func lastStep(of attempt: Int64) -> Int64 {
        if let limit = limits[attempt] { return limit }
        // A record that came before its attempt was announced: later attempts limit it all the same.
        return attempts.filter { $0.number > attempt }.map(\.resumeStep).min() ?? .max
    }

    func shows(attempt: Int64, step: Int64, time: Int64) -> Bool {
        time <= self.time && step <= lastStep(of: attempt)
    }

    func coverage(of block: BlockHead) -> Coverage {
        let limit = lastStep(of: block.attempt)
        if block.firstStep > limit || block.firstTime > time { return .none }
        return block.lastStep <= limit && block.lastTime <= time ? .all : .some
    }

    /// When the attempt after `attempt` began: spans it left open ended there at the latest.
    func end(of attempt: Int64) -> Int64? { attempts.first { $0.number > attempt }?.time }
}
