/// Bytes of all arenas that training works in, by what they hold: what the program plans to use beside the batch itself.
///
/// Arenas only grow, so after batches of several sizes it is what the largest of them asked for.
package struct MemoryPlan: Sendable, Equatable, Encodable {
    package var weights = 0
    /// Weights as the matrix kernels read them; none for large models, which pack on the way.
    package var packedWeights = 0
    package var gradients = 0
    /// Sums of gradients where threads claim whole chunks, one set a lane.
    package var laneGradients = 0
    /// What the optimizer remembers.
    package var moments = 0
    /// Of a batch, or of a chunk a lane where losses are known beforehand.
    package var activations = 0
    /// Gradients with respect to activations, one chunk a lane.
    package var activationGradients = 0
    /// Logits and, in their place, their gradients.
    package var logits = 0
    package var scratch = 0

    package var total: Int {
        weights + packedWeights + gradients + laneGradients + moments + activations + activationGradients + logits
            + scratch
    }
}

extension TrainEngine {
    /// What has been planned for the batches so far.
    package var memoryPlan: MemoryPlan {
        let memory = model.memory
        return MemoryPlan(
            weights: model.weights.bytes, packedWeights: memory.packed.bytes, gradients: optimizer.gradients.bytes,
            laneGradients: memory.laneGradients.bytes,
            moments: optimizer.state.moments.reduce(0) { $0 + $1.arena.bytes }, activations: memory.activations.bytes,
            activationGradients: memory.work.bytes, logits: memory.logits.bytes, scratch: memory.scratch.bytes)
    }
}

extension Arena {
    fileprivate var bytes: Int { count * MemoryLayout<Float>.stride }
}
