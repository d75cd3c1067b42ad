/// One tensor of a model: its Hugging Face name and shape, and where it lies in an arena.
package struct Parameter: Sendable, Equatable {
    /// For example `transformer.h.0.attn.c_attn.weight`.
    package let name: String
    /// As Hugging Face stores it; GPT-2's linear layers are `[in, out]`.
    package let shape: [Int]
    /// First float in an arena laid out by the table.
    package let offset: Int
    /// Whether the optimizer decays it; biases and norms are not decayed.
    package let isDecayed: Bool
    /// Whether it has a gradient at all; the base of a low-rank adapter has none.
    package let isTrained: Bool

    /// Floats in the tensor.
    package var count: Int { shape.reduce(1, *) }
    /// The floats it occupies in an arena.
    package var range: Range<Int> { offset..<(offset + count) }
}

/// The layout of a model's arenas: weights, gradients and moments share it.
///
/// Each tensor begins on a 64-byte boundary; the floats between two tensors are zero and stay zero.
package struct ParameterTable: Sendable, Equatable {
    /// In arena order.
    package private(set) var parameters: [Parameter] = []
    /// Floats an arena needs, padding included.
    package private(set) var count = 0
    private var indices: [String: Int] = [:]

    package init() {}

    /// Adds a tensor behind the last one and returns where it lies. Names must be unique.
    @discardableResult
    package mutating func append(name: String, shape: [Int], isDecayed: Bool, isTrained: Bool = true) -> Parameter {
        precondition(indices[name] == nil, "Parameter \(name) is listed twice.")
        let parameter = Parameter(name: name, shape: shape, offset: count, isDecayed: isDecayed, isTrained: isTrained)
        indices[name] = parameters.count
        parameters.append(parameter)
        count = (parameter.range.upperBound + 15) / 16 * 16
        return parameter
    }

    /// The tensor of that name, if the model has one.
    package subscript(name: String) -> Parameter? {
        indices[name].map { parameters[$0] }
    }
}
