package import Protocol

/// The master's knowledge of which model worker holds which key of which item.
package struct StorageTracker: Sendable, Equatable {
    private var holders: [SequenceID: [SequenceKey: Set<Int>]] = [:]
    /// On their way: no reason to send again, but no source for others yet.
    private var arriving: [SequenceID: [SequenceKey: Set<Int>]] = [:]

    package init() {}

    /// `worker` has `keys` of `ids` from now on.
    package mutating func add(worker: Int, ids: some Sequence<SequenceID>, keys: some Sequence<SequenceKey>) {
        for id in ids {
            for key in keys { holders[id, default: [:]][key, default: []].insert(worker) }
        }
    }

    /// A transfer that will bring `keys` of `ids` to `worker` is planned.
    package mutating func expect(worker: Int, ids: some Sequence<SequenceID>, keys: some Sequence<SequenceKey>) {
        for id in ids {
            for key in keys { arriving[id, default: [:]][key, default: []].insert(worker) }
        }
    }

    /// Whether `worker` holds a key of an item or will before anything planned from now on runs there.
    package func has(_ key: SequenceKey, of id: SequenceID, on worker: Int) -> Bool {
        holders[id]?[key]?.contains(worker) ?? false || arriving[id]?[key]?.contains(worker) ?? false
    }

    /// The workers that hold a key of an item.
    package func holders(of key: SequenceKey, of id: SequenceID) -> Set<Int> { holders[id]?[key] ?? [] }

    /// Forgets items whose batch has left the graph.
    package mutating func remove(_ ids: some Sequence<SequenceID>) {
        for id in ids {
            holders[id] = nil
            arriving[id] = nil
        }
    }

    /// Items known of.
    package var count: Int { holders.count }
}
