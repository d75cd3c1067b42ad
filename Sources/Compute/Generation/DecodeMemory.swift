/// Activations of the blocks under way, and each lane's scratch.
///
/// A block of one lane lies in that lane's rows; a block of all lanes begins at the first lane's.
final class DecodeMemory {
    /// Rows that go through the layers together on one lane: activations stay in the second cache.
    static let laneRows = 64
    /// Rows up to which each lane normalises all of them for itself.
    static let narrowRows = 4

    /// Where the activations of a block lie; each is one row for each row of the block.
    struct Places {
        /// Residual stream, C floats.
        let stream: MutableFloatPointer
        /// Normalised rows, C.
        let normal: MutableFloatPointer
        /// Query, key and value of every head.
        let projected: MutableFloatPointer
        /// Attention output of all query heads.
        let attended: MutableFloatPointer
        /// MLP before its activation function: M, or 2M for gate and up.
        let hidden: MutableFloatPointer
        /// MLP after it, M.
        let activated: MutableFloatPointer
    }

    /// What a lane keeps to itself.
    struct Scratch {
        /// A few normalised rows, C floats each.
        let normal: MutableFloatPointer
        /// Attention scores of all heads of one row.
        let scores: MutableFloatPointer
    }

    /// Rows of a block of all lanes.
    let rows: Int
    private let stream, normal, projected, attended, hidden, activated, scratch: Region
    private let scoresStart: Int
    // SAFETY: pointers handed out point into this arena, which lives as long as this object.
    private let memory: Arena

    init(spec: ModelSpec, lanes: Int, capacity: Int) throws(ComputeError) {
        rows = max(192, lanes * Self.laneRows)
        var layout = RegionLayout()
        stream = layout.reserve(rows: rows, width: spec.width)
        normal = layout.reserve(rows: rows, width: spec.width)
        projected = layout.reserve(rows: rows, width: spec.queryKeyValueWidth)
        attended = layout.reserve(rows: rows, width: spec.attentionWidth)
        hidden = layout.reserve(rows: rows, width: spec.hiddenWidth)
        activated = layout.reserve(rows: rows, width: spec.mlpWidth)
        scoresStart = (Self.narrowRows * spec.width + 15) / 16 * 16
        // Lanes write side by side; whole cache lines keep them apart.
        scratch = layout.reserve(rows: lanes, width: scoresStart + spec.heads * ((capacity + 15) / 16 * 16))
        memory = try Arena(count: layout.count)
    }

    /// The places of a block of one lane, or of all lanes.
    func places(lane: Int?) -> Places {
        let row = (lane ?? 0) * Self.laneRows
        func at(_ region: Region) -> MutableFloatPointer { memory.base + region.offset + row * region.width }
        return Places(
            stream: at(stream), normal: at(normal), projected: at(projected), attended: at(attended),
            hidden: at(hidden), activated: at(activated))
    }

    func scratch(lane: Int) -> Scratch {
        let base = memory.base + scratch.offset + lane * scratch.width
        return Scratch(normal: base, scores: base + scoresStart)
    }
}

extension ModelSpec {
    /// What a row costs beside its attention, in cached positions to attend to: multiplying by all weights against
    /// reading keys and values from memory. A guess from one machine; it only balances the lanes.
    var rowCost: Int {
        let block = width * queryKeyValueWidth + attentionWidth * width + width * hiddenWidth + mlpWidth * width
        let weights = layers * block + width * vocabularySize
        return weights / (28 * layers * keyValueWidth)
    }
}
