/// Which requests wait for which worker, and why; replies find their purpose here. Pure.
package struct RequestLedger<Purpose: Sendable>: Sendable {
    /// One request without its reply.
    package struct Pending: Sendable {
        package let worker: Int
        package let purpose: Purpose
    }

    private var pending: [RequestID: Pending] = [:]
    private var issued: UInt64 = 0
    private let prefix: String

    /// - Parameter attempt: ids carry it, so that a reply to an earlier attempt matches nobody.
    package init(attempt: UInt64) { prefix = "\(attempt)" }

    /// A request id that the trial has not seen.
    package mutating func nextID() -> RequestID {
        issued += 1
        return RequestID("\(prefix)-\(issued)")
    }

    /// Waits for `worker` to reply to `id`, which has not been sent yet: no reply can be early.
    package mutating func expect(_ id: RequestID, from worker: Int, for purpose: Purpose) {
        pending[id] = Pending(worker: worker, purpose: purpose)
    }

    /// Whom a reply is for. nil for one that nobody waits for, of which nothing is kept: it was answered before, or is
    /// of an earlier attempt.
    package mutating func resolve(_ id: RequestID) -> Pending? { pending.removeValue(forKey: id) }

    package var isIdle: Bool { pending.isEmpty }
}
