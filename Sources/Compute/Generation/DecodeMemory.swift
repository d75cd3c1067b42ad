/// Activations of one block of rows, shared by the lanes, and each lane's own scratch.
final class DecodeMemory {
    /// Rows that go through a layer together: activations stay in the second cache, matrices are read seldom.
    static let rows = 192
    /// Rows up to which each lane normalises all of them for itself instead of waiting for the others.
    static let laneRows = 4

    /// Residual stream, R x C.
    let stream: MutableFloatPointer
    /// Normalised rows, R x C.
    let normal: MutableFloatPointer
    /// Query, key and value of every head.
    let projected: MutableFloatPointer
    /// Attention output, a row of all query heads.
    let attended: MutableFloatPointer
    /// MLP before and after its activation, R x M each.
    let hidden: MutableFloatPointer
    let activated: MutableFloatPointer
    // SAFETY: the pointers point into this arena, which lives as long as this object.
    private let memory: Arena
    private let firstLane: MutableFloatPointer
    private let laneFloats: Int
    private let normalFloats: Int

    init(spec: ModelSpec, lanes: Int, capacity: Int) throws(ComputeError) {
        var layout = RegionLayout()
        let regions = [
            spec.width, spec.width, spec.projectedWidth, spec.heads * spec.headWidth, spec.mlpWidth, spec.mlpWidth,
        ].map { layout.reserve(rows: Self.rows, width: $0) }
        let shared = layout.count
        normalFloats = (Self.laneRows * spec.width + 15) / 16 * 16
        laneFloats = normalFloats + spec.heads * ((capacity + 15) / 16 * 16)
        memory = try Arena(count: shared + lanes * laneFloats)
        stream = memory.base + regions[0].offset
        normal = memory.base + regions[1].offset
        projected = memory.base + regions[2].offset
        attended = memory.base + regions[3].offset
        hidden = memory.base + regions[4].offset
        activated = memory.base + regions[5].offset
        firstLane = memory.base + shared
    }

    /// One lane's scratch: a few normalised rows, and attention scores of all heads of one row.
    func lane(_ index: Int) -> (normal: MutableFloatPointer, scores: MutableFloatPointer) {
        let base = firstLane + index * laneFloats
        return (base, base + normalFloats)
    }
}
