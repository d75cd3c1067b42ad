package import Protocol

/// Serves samples of one dataset in epoch order, a batch a call, from where a resumed trial stopped.
///
/// An item's id is `<line>@<epoch>`: the same row in the next epoch is another item.
package struct DatasetLoader {
    /// What one fetch brings.
    package struct Batch {
        package let sample: SequenceSample
        /// The batch ends with the last row of an epoch, or goes beyond it.
        package let endsEpoch: Bool
    }

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
    package mutating func nextBlock(of block: Int, skipping skipped: Set<SequenceID> = []) throws -> Batch {
        try next(block - position % block, skipping: skipped)
    }

    /// The next `count` items, less those whose ids are in `skipped`.
    package mutating func next(_ count: Int, skipping skipped: Set<SequenceID> = []) throws -> Batch {
        var samples: [SequenceSample] = []
        let firstEpoch = position / rows.count
        while samples.count < count {
            let entry = order.entry(at: position)
            position += 1
            if skipped.contains(rows.id(entry.row, epoch: entry.epoch)) { continue }
            samples.append(try rows.sample(entry.row, epoch: entry.epoch))
        }
        return Batch(sample: try .gathered(samples), endsEpoch: position / rows.count > firstEpoch)
    }
}
