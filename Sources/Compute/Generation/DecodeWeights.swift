internal import CKernels

/// A model's weights as decoding wants them: every matrix packed once, norms and biases by pointer.
///
/// Holds for the weights at the time it was made; make a new one after an update. Packing costs about as much as
/// decoding a few rows, and every step after that reads the matrices in the order the kernels walk them.
struct DecodeWeights {
    /// A linear layer: packed matrix and bias.
    struct Linear {
        let packed: FloatPointer
        let bias: FloatPointer?
        let inputs: Int
        let outputs: Int
        /// Where its outputs begin in the activation row they are part of, and that row's width.
        var column = 0
        let rowWidth: Int

        /// Its columns in the packed form, the last panel perhaps not full.
        var panels: Int { (outputs + kernels_panel_width() - 1) / kernels_panel_width() }
    }

    /// Gain and shift of a layer norm.
    struct Norm {
        let gain: FloatPointer
        let shift: FloatPointer
    }

    /// One transformer block.
    struct Block {
        let layer: Int
        let attentionNorm: Norm
        /// Together one row q|k|v.
        let queryKeyValue: [Linear]
        let projection: Linear
        let mlpNorm: Norm
        let expand: Linear
        let contract: Linear
    }

    let tokenTable: FloatPointer
    let positionTable: FloatPointer
    let blocks: [Block]
    let finalNorm: Norm
    let head: Linear
    // SAFETY: the pointers above point into these two arenas, which live as long as this value.
    private let weights: Arena
    private let packed: Arena

    init(spec: ModelSpec, table: ParameterTable, weights: Arena, pool: ThreadPool) throws(ComputeError) {
        let width = spec.width
        var packer = try Packer(spec: spec, table: table, weights: weights, pool: pool)
        tokenTable = packer.pointer("transformer.wte.weight")
        positionTable = packer.pointer("transformer.wpe.weight")
        var blocks: [Block] = []
        for layer in 0..<spec.layers {
            let name = "transformer.h.\(layer)"
            blocks.append(
                Block(
                    layer: layer,
                    attentionNorm: packer.norm("\(name).ln_1"),
                    queryKeyValue: [packer.linear("\(name).attn.c_attn", from: width, to: 3 * width)],
                    projection: packer.linear("\(name).attn.c_proj", from: width, to: width),
                    mlpNorm: packer.norm("\(name).ln_2"),
                    expand: packer.linear("\(name).mlp.c_fc", from: width, to: spec.mlpWidth),
                    contract: packer.linear("\(name).mlp.c_proj", from: spec.mlpWidth, to: width)))
        }
        self.blocks = blocks
        finalNorm = packer.norm("transformer.ln_f")
        head = packer.tiedHead(from: width, to: spec.vocabularySize)
        self.weights = weights
        packed = packer.packed
    }
}

/// Fills one arena with packed matrices, one after another.
private struct Packer {
    let packed: Arena
    private let table: ParameterTable
    private let weights: Arena
    private let pool: ThreadPool
    private var next = 0

    init(spec: ModelSpec, table: ParameterTable, weights: Arena, pool: ThreadPool) throws(ComputeError) {
        let (width, mlpWidth) = (spec.width, spec.mlpWidth)
        let block =
            kernels_packed_count(width, 3 * width) + kernels_packed_count(width, width)
            + kernels_packed_count(width, mlpWidth) + kernels_packed_count(mlpWidth, width)
        packed = try Arena(count: spec.layers * block + kernels_packed_count(width, spec.vocabularySize))
        self.table = table
        self.weights = weights
        self.pool = pool
    }

    func pointer(_ name: String) -> FloatPointer {
        guard let parameter = table[name] else { preconditionFailure("A validated GPT-2 spec has a tensor \(name).") }
        return UnsafePointer(weights.base + parameter.offset)
    }

    func norm(_ name: String) -> DecodeWeights.Norm {
        DecodeWeights.Norm(gain: pointer("\(name).weight"), shift: pointer("\(name).bias"))
    }

    mutating func linear(_ name: String, from inputs: Int, to outputs: Int) -> DecodeWeights.Linear {
        let matrix = pointer("\(name).weight")
        return pack(matrix, strides: (outputs, 1), bias: pointer("\(name).bias"), from: inputs, to: outputs)
    }

    /// The token table read as the transposed matrix of the head.
    mutating func tiedHead(from inputs: Int, to outputs: Int) -> DecodeWeights.Linear {
        pack(pointer("transformer.wte.weight"), strides: (1, inputs), bias: nil, from: inputs, to: outputs)
    }

    private mutating func pack(
        _ matrix: FloatPointer, strides: (Int, Int), bias: FloatPointer?, from inputs: Int,
        to outputs: Int,
    ) -> DecodeWeights.Linear {
        let target = packed.base + next
        let panels = (outputs + kernels_panel_width() - 1) / kernels_panel_width()
        pool.parallelFor(count: panels, minimum: 8) { range, _ in
            kernels_pack(matrix, strides.0, strides.1, inputs, outputs, target, range.lowerBound, range.upperBound)
        }
        next += kernels_packed_count(inputs, outputs)
        return DecodeWeights.Linear(
            packed: FloatPointer(target), bias: bias, inputs: inputs, outputs: outputs, rowWidth: outputs)
    }
}
