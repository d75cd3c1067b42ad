package import Protocol

/// The items a model worker holds, with their arrays. Confined to the worker's thread.
package final class SampleStorage {
    private var items: [SequenceID: SequenceSample] = [:]

    package init() {}

    /// Keeps every item of `sample`, merging keys into items that are already here.
    package func add(_ sample: SequenceSample) throws {
        for item in try sample.unpacked() {
            let id = item.ids[0]
            items[id] = try items[id]?.merging(item) ?? item
        }
    }

    /// The items of `ids` in that order, with `keys` only.
    /// - Throws: `WorkerError` for an item that is not here.
    package func batch(ids: [SequenceID], keys: [SequenceKey]) throws -> SequenceSample {
        var picked: [SequenceSample] = []
        for id in ids {
            guard let item = items[id] else {
                throw WorkerError(.storage, "item '\(id)' is not on this worker")
            }
            picked.append(try item.selecting(keys))
        }
        return try .gathered(picked)
    }

    /// Drops items; unknown ids are no error, as not every worker held every item.
    package func remove(_ ids: [SequenceID]) {
        for id in ids { items[id] = nil }
    }

    package func removeAll() { items = [:] }
    package func contains(_ id: SequenceID) -> Bool { items[id] != nil }
    package var count: Int { items.count }
}
