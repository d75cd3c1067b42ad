/// Layers one behind the other, each row of the input on its own, logits at the end. Made in code; no plan names one.
///
/// For example five linear layers as in `(1...4).map { .linear("fc\($0)", from: 784, to: 784) }` and
/// `.linear("fc5", from: 784, to: 10)`. Parameters have PyTorch's names and layouts: `fc1.weight` is `[out, in]`.
package struct ModuleSpec: Sendable, Equatable {
    package enum Layer: Sendable, Equatable {
        case linear(String, from: Int, to: Int, bias: Bias = .present)
        case layerNorm(String, epsilon: Float = 1e-5)
        case relu
        /// The tanh form.
        case gelu
    }

    package enum Bias: Sendable {
        case present
        case absent
    }

    package let layers: [Layer]
    /// Floats of an input row.
    package let inputs: Int
    /// Floats of a row of logits.
    package let outputs: Int

    /// - Throws: `.unsupportedModel` where a layer does not take what the one before it gives, the first layer is not
    ///   linear (nothing else says how wide a row is), or two have one name.
    package init(_ layers: [Layer]) throws(ComputeError) {
        guard case .linear(_, let inputs, _, _)? = layers.first else {
            throw ModuleSpec.contradiction("The first layer must be linear.")
        }
        var width = inputs
        var names: Set<String> = []
        for layer in layers {
            if let name = layer.name, !names.insert(name).inserted {
                throw ModuleSpec.contradiction("Two layers are named '\(name)'.")
            }
            guard case .linear(let name, let from, let to, _) = layer else { continue }
            guard from == width, from > 0, to > 0 else {
                throw ModuleSpec.contradiction("Layer '\(name)' goes from \(from) to \(to) and is given \(width).")
            }
            width = to
        }
        self.layers = layers
        self.inputs = inputs
        outputs = width
    }

    /// The module's tensors.
    package func parameterTable() -> ParameterTable {
        var table = ParameterTable()
        var width = inputs
        for layer in layers {
            switch layer {
            case .linear(let name, let from, let to, let bias):
                table.append(name: "\(name).weight", shape: [to, from], isDecayed: true)
                if bias == .present { table.append(name: "\(name).bias", shape: [to], isDecayed: false) }
                width = to
            case .layerNorm(let name, _):
                table.append(name: "\(name).weight", shape: [width], isDecayed: false)
                table.append(name: "\(name).bias", shape: [width], isDecayed: false)
            case .relu, .gelu: break
            }
        }
        return table
    }

    private static func contradiction(_ detail: String) -> ComputeError {
        ComputeError(
            .unsupportedModel, summary: "The module's layers do not fit together.", detail: detail,
            hint: "Correct the list of layers.")
    }
}

extension ModuleSpec.Layer {
    fileprivate var name: String? {
        switch self {
        case .linear(let name, _, _, _), .layerNorm(let name, _): name
        case .relu, .gelu: nil
        }
    }
}

/// Rows with a class each: what a module is trained on.
package struct LabelledRows: Sendable, Equatable {
    /// Row after row.
    package let inputs: [Float]
    /// One a row; -1 where there is nothing to learn.
    package let targets: [Int32]

    package init(inputs: [Float], targets: [Int32]) {
        self.inputs = inputs
        self.targets = targets
    }
}
