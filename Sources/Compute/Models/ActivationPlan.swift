/// Rows of one kind of activation in an arena.
struct Region {
    /// What numbers a region's rows.
    enum Rows {
        /// The batch's: each has its own.
        case batch
        /// A lane's: chunk after chunk overwrites them.
        case lane
    }

    let offset: Int
    /// Floats a row.
    let width: Int
    var rows = Rows.batch
}

/// Hands out regions of an arena in order, each on a 64-byte boundary.
struct RegionLayout {
    private(set) var count = 0
    /// Of the regions handed out from now on.
    var kind = Region.Rows.batch

    mutating func reserve(rows: Int, width: Int) -> Region {
        let region = Region(offset: count, width: width, rows: kind)
        count += (rows * width + 15) / 16 * 16
        return region
    }
}

/// An arena seen from one row on: a region's subscript is the address of that row.
struct ActivationRows {
    let base: MutableFloatPointer
    let row: Int
    /// The row in regions of a lane.
    var laneRow = 0

    subscript(region: Region) -> MutableFloatPointer {
        base + region.offset + (region.rows == .batch ? row : laneRow) * region.width
    }
}

/// Where one block's activations lie.
struct BlockActivations {
    /// The residual stream as it enters the block, and after attention.
    private(set) var input: Region
    let middle: Region
    let norm1: NormActivations
    let queryKeyValue: Region
    let logSums: Region
    let attended: Region
    let norm2: NormActivations
    /// Before and after the activation function.
    let hidden: Region
    let activated: Region
}

/// A norm's output and the statistics its backward pass needs.
struct NormActivations {
    let output: Region
    let mean: Region
    let inverseDeviation: Region

    init(rows: Int, width: Int, layout: inout RegionLayout) {
        output = layout.reserve(rows: rows, width: width)
        mean = layout.reserve(rows: rows, width: 1)
        inverseDeviation = layout.reserve(rows: rows, width: 1)
    }
}

/// Offsets of all activations of a forward pass over a number of rows.
struct ActivationPlan {
    enum Retention: Equatable {
        /// Every block has its own regions, which the backward pass reads.
        case forBackward
        /// Every block has its own input. The rest, of as many rows as all lanes together hold at once, is shared and
        /// computed again for the backward pass.
        case inputs(laneRows: Int)
        /// All blocks share one set, overwritten in turn.
        case none
    }

    let retention: Retention
    let blocks: [BlockActivations]
    /// The residual stream after the last block.
    let output: Region
    let finalNorm: NormActivations
    let headLogSums: Region
    /// Floats an arena needs.
    let count: Int

    init(spec: ModelSpec, rows: Int, retention: Retention) {
        var layout = RegionLayout()
        var blocks: [BlockActivations] = []
        var residual = layout.reserve(rows: rows, width: spec.width)
        switch retention {
        case .forBackward:
            for _ in 0..<spec.layers {
                blocks.append(BlockActivations(spec: spec, rows: rows, input: residual, layout: &layout))
                residual = layout.reserve(rows: rows, width: spec.width)
            }
        case .inputs(let laneRows):
            layout.kind = .lane
            let shared = BlockActivations(spec: spec, rows: laneRows, input: residual, layout: &layout)
            layout.kind = .batch
            for _ in 0..<spec.layers {
                blocks.append(shared.replacing(input: residual))
                residual = layout.reserve(rows: rows, width: spec.width)
            }
        case .none:
            let shared = BlockActivations(spec: spec, rows: rows, input: residual, layout: &layout)
            blocks = Array(repeating: shared, count: spec.layers)
        }
        self.retention = retention
        self.blocks = blocks
        output = residual
        finalNorm = NormActivations(rows: rows, width: spec.width, layout: &layout)
        headLogSums = layout.reserve(rows: rows, width: 1)
        count = layout.count
    }

    /// The residual stream behind a block: the next one's input.
    func output(ofBlock index: Int) -> Region {
        index + 1 < blocks.count ? blocks[index + 1].input : output
    }
}

extension BlockActivations {
    /// The same regions with another residual stream before them.
    func replacing(input: Region) -> BlockActivations {
        var copy = self
        copy.input = input
        return copy
    }

    init(spec: ModelSpec, rows: Int, input: Region, layout: inout RegionLayout) {
        self.input = input
        norm1 = NormActivations(rows: rows, width: spec.width, layout: &layout)
        queryKeyValue = layout.reserve(rows: rows, width: spec.queryKeyValueWidth)
        logSums = layout.reserve(rows: rows, width: spec.heads)
        attended = layout.reserve(rows: rows, width: spec.attentionWidth)
        middle = layout.reserve(rows: rows, width: spec.width)
        norm2 = NormActivations(rows: rows, width: spec.width, layout: &layout)
        hidden = layout.reserve(rows: rows, width: spec.hiddenWidth)
        activated = layout.reserve(rows: rows, width: spec.mlpWidth)
    }
}

/// Where the backward pass keeps gradients with respect to activations, for one chunk at a time.
struct BackwardPlan {
    let dResidual: Region
    let dNorm: Region
    let dAttended: Region
    let dQueryKeyValue: Region
    let dHidden: Region
    /// Of the activated MLP row, where it is not made into that of the hidden row at once.
    let dActivated: Region
    let normPartials: Region
    /// Floats an arena needs.
    let count: Int

    init(spec: ModelSpec, rows: Int, partials: Int) {
        var layout = RegionLayout()
        dResidual = layout.reserve(rows: rows, width: spec.width)
        dNorm = layout.reserve(rows: rows, width: spec.width)
        dAttended = layout.reserve(rows: rows, width: spec.attentionWidth)
        dQueryKeyValue = layout.reserve(rows: rows, width: spec.queryKeyValueWidth)
        dHidden = layout.reserve(rows: rows, width: spec.hiddenWidth)
        dActivated = layout.reserve(rows: spec.activation == .swiGLU ? rows : 0, width: spec.mlpWidth)
        normPartials = layout.reserve(rows: partials, width: 1)
        count = layout.count
    }
}
