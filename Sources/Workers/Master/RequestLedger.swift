package import Protocol

/// Which requests wait for which worker, and why; replies find their purpose here. Pure.
package struct RequestLedger<Purpose: Sendable>: Sendable {
    /// One request without its reply.
    package struct Pending: Sendable {
        package let worker: Int
        package let purpose: Purpose
    }

    private var pending: [String: Pending] = [:]
    private var parked: [String: WireReply] = [:]
    private var issued: UInt64 = 0
    private let prefix: String

    /// Replies kept that match nobody; beyond it the peer is broken.
    package static var parkedLimit: Int { 1024 }

    /// - Parameter attempt: ids carry it, so that a reply to an earlier attempt matches nobody.
    package init(attempt: UInt64) { prefix = "\(attempt)" }

    /// A request id that the trial has not seen.
    package mutating func nextID() -> String {
        issued += 1
        return "\(prefix)-\(issued)"
    }

    /// Waits for `worker` to reply to `id`. Returns the reply where it came before anybody asked.
    package mutating func expect(_ id: String, from worker: Int, for purpose: Purpose) -> (Pending, WireReply)? {
        let entry = Pending(worker: worker, purpose: purpose)
        if let early = parked.removeValue(forKey: id) { return (entry, early) }
        pending[id] = entry
        return nil
    }

    /// Whom a reply is for; one that is for nobody yet is parked.
    package mutating func resolve(_ reply: WireReply) -> Pending? {
        if let entry = pending.removeValue(forKey: reply.requestID) { return entry }
        if parked.count < Self.parkedLimit { parked[reply.requestID] = reply }
        return nil
    }

    package var isIdle: Bool { pending.isEmpty }
    package var parkedCount: Int { parked.count }
}
