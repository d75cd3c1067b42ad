/// The arenas a model works in. They only grow, so batches of one size allocate once.
struct ModelMemory {
    /// Weights as the matrix kernels read them.
    let packed: Arena
    var activations: Arena
    /// One area per lane of the pool.
    var scratch: Arena
    /// Logits, and their gradients in the same place.
    var logits: Arena
    /// Gradients with respect to activations, one set per lane of the pool.
    var work: Arena
    /// Gradients of the weights, one set per lane of a `BatchSplit`.
    var laneGradients: Arena

    init(packedCount: Int) throws(ComputeError) {
        packed = try Arena(count: packedCount)
        activations = try Arena(count: 0)
        scratch = try Arena(count: 0)
        logits = try Arena(count: 0)
        work = try Arena(count: 0)
        laneGradients = try Arena(count: 0)
    }
}

extension Arena {
    /// Replaces an arena by a larger one unless it has `count` floats; what it held is then lost.
    /// - Throws: `.outOfResources`.
    static func reserve(_ arena: inout Arena, _ count: Int) throws(ComputeError) {
        if arena.count < count { arena = try Arena(count: count) }
    }
}
