/// When batches are committed, and who is then answered. Pure.
///
/// A group is committed when its oldest member has waited long enough or it has grown large enough; its
/// acknowledgements follow the COMMIT, never precede it.
struct GroupCommit {
    struct Peer: Hashable {
        let identity: [UInt8]
        let epoch: UInt64
    }

    struct Acknowledgement: Equatable {
        let identity: [UInt8]
        let epoch: UInt64
        let seq: UInt64
    }

    /// Nanoseconds the first batch of a group may wait.
    let interval: Int64
    /// Batches that make a group due at once.
    let limit: Int

    private var owed: [Peer: UInt64] = [:]
    private var count = 0
    private var opened: Int64?

    init(interval: Int64 = 50_000_000, limit: Int = 256) {
        self.interval = interval
        self.limit = limit
    }

    /// When the open group is due; nil when there is none.
    var deadline: Int64? { opened.map { $0 + interval } }

    /// A batch was taken, or repeated, or lies behind a gap: `seq` is what its sender is to be told after the commit.
    mutating func owe(_ identity: [UInt8], epoch: UInt64, seq: UInt64, now: Int64) {
        owed[Peer(identity: identity, epoch: epoch)] = seq
        touched(now: now)
    }

    /// Something without a sender was appended.
    mutating func touched(now: Int64) {
        count += 1
        if opened == nil { opened = now }
    }

    func isDue(now: Int64) -> Bool {
        guard let deadline else { return false }
        return count >= limit || now >= deadline
    }

    /// The commit succeeded: what to tell whom.
    mutating func committed() -> [Acknowledgement] {
        defer { clear() }
        return owed.map { Acknowledgement(identity: $0.key.identity, epoch: $0.key.epoch, seq: $0.value) }
    }

    /// The commit failed: nobody is told anything, so everybody sends again.
    mutating func rolledBack() { clear() }

    private mutating func clear() {
        owed.removeAll(keepingCapacity: true)
        count = 0
        opened = nil
    }
}
