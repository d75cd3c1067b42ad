/// What a model worker does with each request that comes in: answer now, hold until flush, or run what is held.
///
/// Pure. The order is the system's: all pre-hooks of all held requests run first, in arrival order, then the
/// computations, then requests that compute nothing.
package struct RequestQueue: Sendable {
    /// What to do next.
    package enum Action: Sendable, Equatable {
        /// Run it and reply at once.
        case answer(Request)
        /// Run everything held.
        case run(Batch)
        /// The master has no more work.
        case finish
        /// Reply with this error.
        case refuse(Request, String)
    }

    /// Held requests at a flush.
    package struct Batch: Sendable, Equatable {
        /// For pre-hooks: as they arrived.
        package let arrival: [Request]
        /// For the main part and post-hooks.
        package let execution: [Request]
    }

    /// Requests that may be held; the master never sends as many, so more is a runaway.
    package static let limit = 10_240

    private var held: [Request] = []

    package init() {}

    package var count: Int { held.count }

    package mutating func receive(_ request: Request) -> [Action] {
        switch request.body {
        case .reset: return [.finish]
        case .flush: return flush()
        case .spec, .fetch, .describe, .clear: return [.answer(request)]
        case .initialize, .call, .side, .save:
            guard held.count < Self.limit else {
                return [.refuse(request, "\(held.count) requests are held already; the master never flushed")]
            }
            held.append(request)
            return []
        }
    }

    private mutating func flush() -> [Action] {
        guard !held.isEmpty else { return [] }
        let arrival = held
        held = []
        let computing = arrival.filter(Self.computes), others = arrival.filter { !Self.computes($0) }
        return [.run(Batch(arrival: arrival, execution: computing + others))]
    }

    private static func computes(_ request: Request) -> Bool {
        if case .call = request.body { true } else { false }
    }
}
