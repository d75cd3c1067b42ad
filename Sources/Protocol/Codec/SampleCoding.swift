import SwiftProtobuf

extension WireSampleMetadata {
    /// The metadata of `sample`; columns in key order so that equal samples give equal bytes.
    package init(_ sample: SequenceSample) {
        self.init()
        ids = sample.ids
        columns = sample.columns.sorted { $0.key < $1.key }.map { key, column in
            WireSampleColumn.with {
                $0.key = key.description
                $0.elementType = column.elementType.rawValue
                $0.counts = column.lengths.map { UInt32($0.count) }
                $0.lengths = column.lengths.flatMap { $0.map(UInt32.init) }
            }
        }
    }

    /// The sample without arrays; refuses columns whose counts and lengths do not fit together.
    package func sample() throws -> SequenceSample {
        try SequenceSample(
            ids: ids, columns: parsedColumns { _, lengths, type in .init(lengths: lengths, elementType: type) })
    }

    /// The sample with `frames`, one raw frame a column in the order of `columns`.
    package func sample(frames: [[UInt8]]) throws -> SequenceSample {
        guard frames.count == columns.count else {
            throw WireError(.shape, "a tensor message has \(frames.count) frames for \(columns.count) columns")
        }
        return try SequenceSample(
            ids: ids,
            columns: parsedColumns { index, lengths, type in
                guard let array = PackedArray(type, littleEndianBytes: frames[index]) else {
                    throw WireError(
                        .shape, "column '\(columns[index].key)' has \(frames[index].count) bytes of \(type)")
                }
                return .init(lengths: lengths, array: array)
            })
    }

    private func parsedColumns(
        _ make: (Int, [[Int]], PackedArray.ElementType) throws -> SequenceSample.Column
    ) throws -> [SequenceKey: SequenceSample.Column] {
        var parsed: [SequenceKey: SequenceSample.Column] = [:]
        for (index, column) in columns.enumerated() {
            guard let type = PackedArray.ElementType(rawValue: column.elementType) else {
                throw WireError(.shape, "column '\(column.key)' has the unknown element type '\(column.elementType)'")
            }
            guard column.counts.reduce(0, { $0 + Int($1) }) == column.lengths.count else {
                throw WireError(.shape, "column '\(column.key)' announces other counts than it has lengths")
            }
            var lengths: [[Int]] = [], next = 0
            for count in column.counts {
                lengths.append(column.lengths[next..<next + Int(count)].map(Int.init))
                next += Int(count)
            }
            guard parsed.updateValue(try make(index, lengths, type), forKey: SequenceKey(column.key)) == nil else {
                throw WireError(.shape, "column '\(column.key)' appears twice")
            }
        }
        return parsed
    }
}
