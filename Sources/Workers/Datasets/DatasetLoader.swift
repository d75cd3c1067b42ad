package import Protocol

/// Serves samples of one dataset in epoch order, a batch a call, from where a resumed trial stopped.
///
/// An item's id is `<line>@<epoch>`: the same row in the next epoch is another item.
package struct DatasetLoader {
    private let rows: DatasetRows
    private var order: EpochOrder
    private var position: Int

    /// - Parameter used: items that were used before the trial was resumed; they are passed over.
    package init(rows: DatasetRows, seed: UInt64, used: Int) {
        self.rows = rows
        order = EpochOrder(rows: rows.count, seed: seed)
        position = used
    }

    /// Rows of one epoch.
    package var size: Int { rows.count }

    /// The items up to the next multiple of `block`: a resumed loader serves the same blocks as one that never stopped.
    package mutating func nextBlock(of block: Int) throws -> SequenceSample { try next(block - position % block) }

    /// The next `count` items.
    package mutating func next(_ count: Int) throws -> SequenceSample {
        var samples: [SequenceSample] = []
        while samples.count < count {
            let entry = order.entry(at: position)
            position += 1
            samples.append(try rows.sample(entry.row, epoch: entry.epoch))
        }
        return try .gathered(samples)
    }
}
