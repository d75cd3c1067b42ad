/// The name of one column of data in the dataflow graph, such as `packed_prompts` or `rewards`.
package struct SequenceKey: Hashable, Sendable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let description: String

    package init(_ description: String) { self.description = description }
    package init(stringLiteral value: String) { description = value }
    package static func < (left: SequenceKey, right: SequenceKey) -> Bool { left.description < right.description }
}

/// The identity of one item (a prompt with everything derived from it) through a whole trial.
package typealias SequenceID = String

/// Why data does not form a `SequenceSample`, in a sentence.
package struct SequenceError: UserFacingError, Equatable {
    package let summary: String
    package init(_ summary: String) { self.summary = summary }
}

/// A batch of items as packed arrays by key, or, without the arrays, its metadata.
///
/// Every key has, for every item, a list of lengths: one for a plain item, several where an item holds a group
/// (the n answers to one prompt). The master moves metadata only; tensors stay on the DP heads that own them.
package struct SequenceSample: Sendable, Equatable {
    /// One column: the lengths of each item's sequences and, unless this is metadata, the numbers.
    package struct Column: Sendable, Equatable {
        package let lengths: [[Int]]
        package let elementType: PackedArray.ElementType
        package let array: PackedArray?

        package init(lengths: [[Int]], array: PackedArray) {
            self.lengths = lengths
            self.elementType = array.elementType
            self.array = array
        }

        package init(lengths: [[Int]], elementType: PackedArray.ElementType) {
            self.lengths = lengths
            self.elementType = elementType
            self.array = nil
        }

        /// Where each item begins in the array, and where the last one ends.
        fileprivate var starts: [Int] {
            var starts = [0]
            starts.reserveCapacity(lengths.count + 1)
            for item in lengths { starts.append(starts[starts.count - 1] + item.reduce(0, +)) }
            return starts
        }

        /// Elements of all items together.
        package var total: Int { lengths.reduce(0) { $0 + $1.reduce(0, +) } }
    }

    package let ids: [SequenceID]
    package private(set) var columns: [SequenceKey: Column]

    /// Checks that ids are unique, that every column has one length list an item and that arrays have the length
    /// their lists say.
    package init(ids: [SequenceID], columns: [SequenceKey: Column]) throws(SequenceError) {
        guard Set(ids).count == ids.count else {
            throw SequenceError("a sample holds an id twice: \(Self.repeated(in: ids))")
        }
        for (key, column) in columns {
            guard column.lengths.count == ids.count else {
                throw SequenceError(
                    "key '\(key)' has lengths for \(column.lengths.count) items, the sample has \(ids.count)")
            }
            guard column.lengths.allSatisfy({ $0.allSatisfy { $0 >= 0 } }) else {
                throw SequenceError("key '\(key)' has a negative length")
            }
            if let array = column.array, array.count != column.total {
                throw SequenceError("key '\(key)' holds \(array.count) elements, its lengths add up to \(column.total)")
            }
        }
        self.ids = ids
        self.columns = columns
    }

    private static func repeated(in ids: [SequenceID]) -> SequenceID {
        var seen: Set<SequenceID> = []
        return ids.first { !seen.insert($0).inserted } ?? ""
    }

    package var count: Int { ids.count }
    package var keys: Set<SequenceKey> { Set(columns.keys) }

    /// The same sample without its arrays.
    package var metadata: SequenceSample {
        var copy = self
        copy.columns = columns.mapValues { Column(lengths: $0.lengths, elementType: $0.elementType) }
        return copy
    }

    /// Tokens of each item: the total of its longest column.
    package var tokensPerItem: [Int] {
        let perKey = columns.values.map { column in column.lengths.map { $0.reduce(0, +) } }
        return ids.indices.map { item in perKey.map { $0[item] }.max() ?? 0 }
    }
}

extension SequenceSample {
    /// Restricted to `keys`; a key that is not there is an error that lists what is.
    package func selecting(_ keys: some Sequence<SequenceKey>) throws(SequenceError) -> SequenceSample {
        var kept: [SequenceKey: Column] = [:]
        for key in keys {
            guard let column = columns[key] else {
                let present = columns.keys.sorted().map(\.description).joined(separator: ", ")
                throw SequenceError("the sample has no key '\(key)' (it has \(present.isEmpty ? "none" : present))")
            }
            kept[key] = column
        }
        var copy = self
        copy.columns = kept
        return copy
    }

    /// The items at `indices`, in that order.
    package func items(at indices: [Int]) throws(SequenceError) -> SequenceSample {
        try items(at: indices, starting: columns.mapValues(\.starts))
    }

    /// One sample per item.
    package func unpacked() throws(SequenceError) -> [SequenceSample] {
        let starts = columns.mapValues(\.starts)
        var all: [SequenceSample] = []
        all.reserveCapacity(ids.count)
        for index in ids.indices { all.append(try items(at: [index], starting: starts)) }
        return all
    }

    /// - Parameter starts: of every column, `Column.starts`; a sum over all items that is made once for many picks.
    private func items(
        at indices: [Int], starting starts: [SequenceKey: [Int]]
    ) throws(SequenceError) -> SequenceSample {
        var picked: [SequenceKey: Column] = [:]
        for (key, column) in columns {
            let lengths = indices.map { column.lengths[$0] }
            guard let array = column.array, let starts = starts[key] else {
                picked[key] = Column(lengths: lengths, elementType: column.elementType)
                continue
            }
            let parts = indices.map { array.slice(starts[$0]..<starts[$0 + 1]) }
            let joined = PackedArray.concatenated(parts) ?? array.slice(0..<0)
            picked[key] = Column(lengths: lengths, array: joined)
        }
        return try SequenceSample(ids: indices.map { ids[$0] }, columns: picked)
    }

    /// Items of all samples, end to end; keys and element types must agree.
    package static func gathered(_ samples: [SequenceSample]) throws(SequenceError) -> SequenceSample {
        guard let first = samples.first else { return try SequenceSample(ids: [], columns: [:]) }
        var joined: [SequenceKey: Column] = [:]
        for key in first.columns.keys.sorted() {
            var parts: [Column] = []
            for sample in samples {
                guard let column = sample.columns[key] else {
                    throw SequenceError("a gathered sample lacks key '\(key)'")
                }
                parts.append(column)
            }
            let lengths = parts.flatMap(\.lengths)
            let arrays = parts.compactMap(\.array)
            if arrays.isEmpty, parts.allSatisfy({ $0.elementType == parts[0].elementType }) {
                joined[key] = Column(lengths: lengths, elementType: parts[0].elementType)
            } else if arrays.count == parts.count, let array = PackedArray.concatenated(arrays) {
                joined[key] = Column(lengths: lengths, array: array)
            } else {
                throw SequenceError("key '\(key)' mixes element types, or metadata with data")
            }
        }
        if let odd = samples.first(where: { $0.keys != first.keys }) {
            throw SequenceError("gathered samples have different keys: \(odd.keys.sorted()) and \(first.keys.sorted())")
        }
        return try SequenceSample(ids: samples.flatMap(\.ids), columns: joined)
    }

    /// Adds or replaces keys from a sample of the same ids in the same order.
    package func merging(_ other: SequenceSample) throws(SequenceError) -> SequenceSample {
        guard other.ids == ids else { throw SequenceError("samples of different ids cannot be merged") }
        var copy = self
        copy.columns.merge(other.columns) { _, new in new }
        return copy
    }

    /// Keys renamed by `map`; keys it does not name stay, but give way to one that is renamed to theirs.
    ///
    /// Of several keys renamed to one, the last by name wins.
    package func remappingKeys(_ map: [SequenceKey: SequenceKey]) -> SequenceSample {
        guard !map.isEmpty else { return self }
        var copy = self
        copy.columns = columns.filter { map[$0.key] == nil }
        // In key order: a dictionary's own order differs from process to process.
        for (key, column) in columns.sorted(by: { $0.key < $1.key }) {
            if let renamed = map[key] { copy.columns[renamed] = column }
        }
        return copy
    }
}
