import Protocol
import TestSupport

/// A sample as nested lists, the slow and obvious way: what `SequenceSample` is compared with.
struct NaiveSample: Equatable {
    struct Column: Equatable {
        var elementType: PackedArray.ElementType
        /// Item, sequence, element; a number stands for itself in every element type.
        var cells: [[[Int]]]
    }

    var ids: [String]
    var columns: [SequenceKey: Column]

    /// Up to `items` items with one to four columns, empty items and empty sequences among them.
    static func random(items: Int, prefix: String = "", using random: inout SplitMix) -> NaiveSample {
        let names: [SequenceKey] = ["mask", "rewards", "tokens", "序列"]
        let kept = names.prefix(Int.random(in: 1...names.count, using: &random))
        return Self.random(items: items, keys: Array(kept), prefix: prefix, using: &random)
    }

    static func random(
        items: Int, keys: [SequenceKey], prefix: String = "", using random: inout SplitMix
    ) -> NaiveSample {
        var columns: [SequenceKey: Column] = [:]
        for (index, key) in keys.enumerated() {
            let cells = (0..<items).map { _ in
                (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    (0..<Int.random(in: 0...4, using: &random)).map { _ in Int.random(in: 0...255, using: &random) }
                }
            }
            let types = PackedArray.ElementType.allCases
            columns[key] = Column(elementType: types[index % types.count], cells: cells)
        }
        return NaiveSample(ids: (0..<items).map { "\(prefix)\($0)" }, columns: columns)
    }

    func items(at indices: [Int]) -> NaiveSample {
        NaiveSample(
            ids: indices.map { ids[$0] },
            columns: columns.mapValues { column in
                Column(elementType: column.elementType, cells: indices.map { column.cells[$0] })
            })
    }

    static func + (left: NaiveSample, right: NaiveSample) -> NaiveSample {
        var all = left
        all.ids += right.ids
        for (key, column) in right.columns { all.columns[key]?.cells += column.cells }
        return all
    }

    /// The same as packed arrays.
    func packed() throws -> SequenceSample {
        try SequenceSample(
            ids: ids,
            columns: columns.mapValues { column in
                .init(
                    lengths: column.cells.map { $0.map(\.count) },
                    array: Self.array(column.elementType, column.cells.flatMap(\.self).flatMap(\.self)))
            })
    }

    private static func array(_ type: PackedArray.ElementType, _ values: [Int]) -> PackedArray {
        switch type {
        case .int32: .int32(values.map(Int32.init))
        case .int64: .int64(values.map(Int64.init))
        case .float32: .float32(values.map(Float.init))
        case .uint8: .uint8(values.map(UInt8.init))
        }
    }
}

extension SequenceSample {
    /// The raw frames as the data plane sends them: one a column, in key order.
    var frames: [[UInt8]] { columns.sorted { $0.key < $1.key }.map { $0.value.array?.littleEndianBytes ?? [] } }
}
