/// Activations of the blocks under way, and each lane's scratch.
///
/// A block of one lane lies in that lane's rows; a block of all lanes begins at the first lane's.
final class DecodeMemory {
    /// Rows that go through the layers together on one lane: activations stay in the second cache.
    static let laneRows = 64
    /// Rows up to which each lane normalises all of them for itself.
    static let narrowRows = 4

    /// Kinds of activation rows.
    enum Kind: Int, CaseIterable {
        /// Residual stream, C floats.
        case stream
        /// Normalised rows, C.
        case normal
        /// Query, key and value of every head.
        case projected
        /// Attention output of all query heads.
        case attended
        /// MLP before its activation function: M, or 2M for gate and up.
        case hidden
        /// MLP after it, M.
        case activated
    }

    /// Rows of a block of all lanes.
    let rows: Int
    private let regions: [Region]
    private let scratch: Region
    private let scoresStart: Int
    // SAFETY: pointers handed out point into this arena, which lives as long as this object.
    private let memory: Arena

    init(spec: ModelSpec, lanes: Int, capacity: Int) throws(ComputeError) {
        rows = max(192, lanes * Self.laneRows)
        var layout = RegionLayout()
        var regions: [Region] = []
        for kind in Kind.allCases { regions.append(layout.reserve(rows: rows, width: spec.width(of: kind))) }
        scoresStart = (Self.narrowRows * spec.width + 15) / 16 * 16
        // Lanes write side by side; whole cache lines keep them apart.
        scratch = layout.reserve(rows: lanes, width: scoresStart + spec.heads * ((capacity + 15) / 16 * 16))
        self.regions = regions
        memory = try Arena(count: layout.count)
    }

    /// The block's first row of a kind.
    subscript(kind: Kind, block: DecodeBlock) -> MutableFloatPointer {
        var row = 0
        if case .lane(let lane) = block.team { row = lane * Self.laneRows }
        let region = regions[kind.rawValue]
        return memory.base + region.offset + row * region.width
    }

    /// A lane's place for a few normalised rows.
    func narrow(_ lane: Int) -> MutableFloatPointer { memory.base + scratch.offset + lane * scratch.width }

    /// A lane's place for attention scores of all heads of one row.
    func scores(_ lane: Int) -> MutableFloatPointer { narrow(lane) + scoresStart }
}

extension ModelSpec {
    /// Floats of an activation row.
    fileprivate func width(of kind: DecodeMemory.Kind) -> Int {
        switch kind {
        case .stream, .normal: width
        case .projected: queryKeyValueWidth
        case .attended: attentionWidth
        case .hidden: hiddenWidth
        case .activated: mlpWidth
        }
    }

    /// What a row costs beside its attention, in cached positions to attend to: multiplying by all weights against
    /// reading keys and values from memory. A guess from one machine; it only balances the lanes.
    var rowCost: Int {
        let block = width * queryKeyValueWidth + attentionWidth * width + width * hiddenWidth + mlpWidth * width
        let weights = layers * block + width * vocabularySize
        return weights / (28 * layers * keyValueWidth)
    }
}
