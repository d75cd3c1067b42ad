package import Protocol

/// One sequence of a packed batch, cut out.
package struct TokenSequence: Sendable, Equatable {
    package let tokens: [Int32]
    /// 1 for a prompt token; as long as `tokens`.
    package let promptMask: [UInt8]

    package init(tokens: [Int32], promptMask: [UInt8]) {
        self.tokens = tokens
        self.promptMask = promptMask
    }

    package var promptLength: Int { promptMask.reduce(0) { $0 + Int($1) } }
    /// What follows the prompt.
    package var answer: ArraySlice<Int32> { tokens.dropFirst(promptLength) }
}

/// The sequences of a sample that has `packed_input_ids` and `prompt_mask`, in order, groups one after another.
package struct TokenSequences: RandomAccessCollection, Sendable {
    private let sequences: [TokenSequence]
    /// Sequences in each item.
    package let groupSizes: [Int]

    /// - Throws: `WorkerError` where a key is missing, holds another element type, or the two disagree in length.
    package init(_ sample: SequenceSample) throws {
        let tokens = try sample.sequences(of: .packedInputIDs, as: Int32.self)
        let masks = try sample.sequences(of: .promptMask, as: UInt8.self)
        guard tokens.map(\.count) == masks.map(\.count) else {
            throw WorkerError(.storage, "packed_input_ids and prompt_mask have sequences of different lengths")
        }
        sequences = zip(tokens, masks).map { TokenSequence(tokens: $0, promptMask: $1) }
        groupSizes = sample.columns[.packedInputIDs]?.lengths.map(\.count) ?? []
    }

    package var startIndex: Int { sequences.startIndex }
    package var endIndex: Int { sequences.endIndex }
    package subscript(index: Int) -> TokenSequence { sequences[index] }
}

/// A Swift type that a `PackedArray` can hold.
package protocol PackedElement: BitwiseCopyable, Sendable {
    /// The elements, where the array is of this type.
    static func values(of array: PackedArray) -> [Self]?
}

extension Int32: PackedElement {
    package static func values(of array: PackedArray) -> [Int32]? { if case .int32(let v) = array { v } else { nil } }
}
extension Float: PackedElement {
    package static func values(of array: PackedArray) -> [Float]? { if case .float32(let v) = array { v } else { nil } }
}
extension UInt8: PackedElement {
    package static func values(of array: PackedArray) -> [UInt8]? { if case .uint8(let v) = array { v } else { nil } }
}

extension SequenceSample {
    /// The sequences of one key, all items after another.
    package func sequences<Element: PackedElement>(of key: SequenceKey, as _: Element.Type) throws -> [[Element]] {
        let column = try selecting([key]).columns[key]
        guard let column, let array = column.array, let values = Element.values(of: array) else {
            throw WorkerError(.storage, "key '\(key)' does not hold \(Element.self) data here")
        }
        var sequences: [[Element]] = [], start = 0
        for length in column.lengths.joined() {
            sequences.append(Array(values[start..<start + length]))
            start += length
        }
        return sequences
    }
}
