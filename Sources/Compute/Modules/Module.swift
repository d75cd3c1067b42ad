internal import CKernels

/// A user's module with its weights and the memory to run it: logits and cross-entropy forward, gradients backward.
///
/// Confined to one thread, as `LanguageModel` is, and trained by the same `Optimizer`.
package final class Module {
    package let spec: ModuleSpec
    package let table: ParameterTable
    /// Laid out by `table`; to be read here and changed through `changeWeights`.
    package let weights: Arena
    package let pool: ThreadPool

    private let layers: [ModuleLayer]
    private let packed: Arena
    private var isPacked = false
    private var activations: Arena
    private var work: Arena
    private var trace: (rows: LabelledRows, logSums: [Float])?

    /// A module with PyTorch's first weights: uniform within one over the root of a layer's inputs.
    /// - Throws: `.outOfResources`.
    package init(_ spec: ModuleSpec, seed: UInt64, pool: ThreadPool) throws(ComputeError) {
        let table = spec.parameterTable()
        var layout = PackedLayout(weights: table.count)
        layers = Module.layers(of: spec, table, &layout)
        packed = try Arena(count: layout.count)
        activations = try Arena(count: 0)
        work = try Arena(count: 0)
        weights = try Arena(count: table.count)
        self.spec = spec
        self.table = table
        self.pool = pool
        initialize(seed: seed)
    }

    /// Changes the weights in place.
    package func changeWeights(_ body: (Arena) -> Void) {
        isPacked = false
        body(weights)
    }

    /// One row of logits for each row of `inputs`.
    /// - Throws: `.invalidBatch`, `.outOfResources`.
    package func logits(_ inputs: [Float]) throws(ComputeError) -> [Float] {
        guard inputs.count.isMultiple(of: spec.inputs) else {
            throw Module.refused("\(inputs.count) floats are not whole rows of \(spec.inputs).")
        }
        trace = nil
        let rows = inputs.count / spec.inputs
        try run(inputs, rows: rows)
        return Array(UnsafeBufferPointer(start: output(layers.count, rows: rows), count: rows * spec.outputs))
    }

    /// Log-probability of every row's class (0 where it has none); keeps what one `backward` needs.
    /// - Throws: `.invalidBatch`, `.outOfResources`.
    package func forward(_ batch: LabelledRows) throws(ComputeError) -> [Float] {
        let rows = batch.targets.count
        guard batch.inputs.count == rows * spec.inputs else {
            throw Module.refused("\(batch.inputs.count) floats for \(rows) rows of \(spec.inputs).")
        }
        if let target = batch.targets.first(where: { $0 < -1 || $0 >= spec.outputs }) {
            throw Module.refused("Class \(target) is outside the \(spec.outputs) outputs.")
        }
        try run(batch.inputs, rows: rows)
        let logits = output(layers.count, rows: rows)
        let logSums = (0..<rows).map { kernels_log_sum_exp(logits + $0 * spec.outputs, spec.outputs, nil) }
        trace = (batch, logSums)
        return batch.targets.indices.map { row in
            let target = Int(batch.targets[row])
            return target < 0 ? 0 : logits[row * spec.outputs + target] - logSums[row]
        }
    }

    /// Adds to `gradients` those of the sum over rows of coefficient * (-log-probability of the class).
    /// - Throws: `.invalidState` without a forward pass before it, `.invalidBatch`, `.outOfResources`.
    package func backward(coefficients: [Float], into gradients: Arena) throws(ComputeError) {
        guard let trace else {
            throw ComputeError(
                .invalidState, summary: "There is no forward pass to differentiate.",
                detail: "A backward pass uses up the activations of the forward pass before it.",
                hint: "Call forward first.")
        }
        let rows = trace.rows.targets.count
        guard coefficients.count == rows else {
            throw Module.refused("\(coefficients.count) coefficients for \(rows) rows.")
        }
        self.trace = nil
        let widest = layers.reduce(spec.inputs) { max($0, $1.width) }
        let side = (rows * widest + 15) / 16 * 16
        let partials = layers.reduce(0) { count, layer in
            if case .norm(let norm) = layer { max(count, norm.partialCount(rows: rows)) } else { count }
        }
        try Arena.reserve(&work, 2 * side + partials)
        var (dy, dx) = (work.base, work.base + side)
        fillLogitGradients(dy, trace.rows, trace.logSums, coefficients)
        for (index, layer) in layers.enumerated().reversed() {
            layer.backward(
                dy, input: output(index, rows: rows), rows: rows,
                statistics: output(index + 1, rows: rows) + rows * layer.width, to: dx,
                partials: work.base + 2 * side, gradients: gradients.base, pass)
            swap(&dy, &dx)
        }
    }

    /// coefficient * (softmax - one-hot of the class).
    private func fillLogitGradients(
        _ dLogits: MutableFloatPointer, _ batch: LabelledRows, _ logSums: [Float], _ coefficients: [Float]
    ) {
        let rows = batch.targets.count
        dLogits.update(from: output(layers.count, rows: rows), count: rows * spec.outputs)
        for row in 0..<rows {
            let target = Int(batch.targets[row])
            let coefficient = target < 0 ? 0 : coefficients[row]
            kernels_softmax_scaled(dLogits + row * spec.outputs, spec.outputs, logSums[row], coefficient)
            if target >= 0 { dLogits[row * spec.outputs + target] -= coefficient }
        }
    }

    private func run(_ inputs: [Float], rows: Int) throws(ComputeError) {
        try Arena.reserve(&activations, regionStart(layers.count + 1, rows: rows))
        if !isPacked {
            for case .linear(let linear) in layers {
                linear.packForForward(pass)
                linear.packForBackward(pass)
            }
            isPacked = true
        }
        _ = activations.floats.update(fromContentsOf: inputs)
        for (index, layer) in layers.enumerated() {
            let y = output(index + 1, rows: rows)
            layer.forward(
                output(index, rows: rows), rows: rows, to: y, statistics: y + rows * layer.width, pass)
        }
    }

    /// Where the input of layer `index` lies: the output of the one before it, then that one's statistics.
    private func output(_ index: Int, rows: Int) -> MutableFloatPointer {
        activations.base + regionStart(index, rows: rows)
    }

    private func regionStart(_ index: Int, rows: Int) -> Int {
        let widths = [spec.inputs] + layers.map { $0.width + $0.statistics }
        return widths[..<index].reduce(0) { $0 + ($1 * rows + 15) / 16 * 16 }
    }

    private var pass: Pass {
        Pass(
            pool: pool, weights: weights.base, packed: packed.base,
            scratch: LaneScratch(base: work.base, stride: 0),
            logits: LogitsMemory(base: work.base, rows: 0, row: 0, isKept: false))
    }

    private static func refused(_ detail: String) -> ComputeError {
        ComputeError(
            .invalidBatch, summary: "The module cannot take this batch.", detail: detail,
            hint: "Give whole rows of the module's width and a class below its number of outputs for each.")
    }
}

// MARK: - Putting together

extension Module {
    private static func layers(
        of spec: ModuleSpec, _ table: ParameterTable, _ layout: inout PackedLayout
    ) -> [ModuleLayer] {
        var width = spec.inputs
        return spec.layers.map { layer in
            switch layer {
            case .linear(let name, _, let to, _):
                width = to
                return .linear(
                    Linear(
                        parameter("\(name).weight", table), bias: table["\(name).bias"], layout: .outputsFirst,
                        packed: &layout))
            case .layerNorm(let name, let epsilon):
                return .norm(
                    Norm(
                        gain: parameter("\(name).weight", table), shift: parameter("\(name).bias", table),
                        epsilon: epsilon))
            case .relu: return .activation(.relu, width: width)
            case .gelu: return .activation(.gelu, width: width)
            }
        }
    }

    private static func parameter(_ name: String, _ table: ParameterTable) -> Parameter {
        guard let parameter = table[name] else {
            preconditionFailure("The module's own parameter table lacks \(name).")
        }
        return parameter
    }

    private func initialize(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for layer in layers {
            switch layer {
            case .linear(let linear):
                let bound = 1 / Float(linear.inputs).squareRoot()
                for parameter in [linear.weight, linear.bias].compactMap(\.self) {
                    for index in parameter.range {
                        weights.base[index] = Float.random(in: -bound...bound, using: &generator)
                    }
                }
            case .norm(let norm):
                for index in norm.gain.range { weights.base[index] = 1 }
            case .activation: break
            }
        }
    }
}
