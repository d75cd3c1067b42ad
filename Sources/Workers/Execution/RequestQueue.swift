package import Protocol

/// What a model worker does with each request that comes in: answer now, hold until flush, or run what is held.
///
/// Pure. The order is the system's: all pre-hooks of all held requests run first, in arrival order, then the
/// computations, then requests that compute nothing.
package struct RequestQueue: Sendable {
    /// What to do next.
    package enum Action: Sendable, Equatable {
        /// Run it and reply at once.
        case answer(WireRequest)
        /// Tell the master that the request is here; it is held when the master says that all workers have theirs.
        case acknowledge(WireRequest)
        /// Run everything held.
        case run(Batch)
        /// The master has no more work.
        case finish
        /// Reply with this error.
        case refuse(WireRequest, String)
    }

    /// Held requests at a flush.
    package struct Batch: Sendable, Equatable {
        /// For pre-hooks: as they arrived.
        package let arrival: [WireRequest]
        /// For the main part and post-hooks.
        package let execution: [WireRequest]
    }

    /// Requests that may be held; the master never sends as many, so more is a runaway.
    package static let limit = 10_240

    private var held: [WireRequest] = []
    /// By the id that the master's "ack" will carry.
    private var unacknowledged: [String: WireRequest] = [:]

    package init() {}

    package var count: Int { held.count }

    package mutating func receive(_ request: WireRequest) -> [Action] {
        guard let handle = RequestHandle(rawValue: request.handleName) else {
            let names = RequestHandle.allCases.map(\.rawValue)
            let hint = Suggestion.phrase(for: request.handleName, among: names)
            return [.refuse(request, "unknown request '\(request.handleName)'.\(hint)")]
        }
        switch handle {
        case .ack:
            guard let known = unacknowledged.removeValue(forKey: request.id) else { return [] }
            return enqueue(known)
        case .reset:
            return [.finish]
        case .flush:
            return flush()
        default:
            guard request.needsSyn else { return enqueue(request) }
            guard unacknowledged.count < Self.limit else {
                return [
                    .refuse(request, "\(unacknowledged.count) requests wait already; the master never acknowledged")
                ]
            }
            unacknowledged[request.ackReplyID] = request
            return [.acknowledge(request)]
        }
    }

    private mutating func enqueue(_ request: WireRequest) -> [Action] {
        if RequestHandle(rawValue: request.handleName)?.isImmediate == true { return [.answer(request)] }
        guard held.count < Self.limit else {
            return [.refuse(request, "\(held.count) requests are held already; the master never flushed")]
        }
        held.append(request)
        return []
    }

    private mutating func flush() -> [Action] {
        guard !held.isEmpty else { return [] }
        let arrival = held
        held = []
        let computing = arrival.filter(Self.computes), others = arrival.filter { !Self.computes($0) }
        return [.run(Batch(arrival: arrival, execution: computing + others))]
    }

    private static func computes(_ request: WireRequest) -> Bool {
        switch RequestHandle(rawValue: request.handleName) {
        case .generate, .inference, .trainStep, .evaluate: true
        default: false
        }
    }
}
