/// Forward passes for generation: rows through all layers, keys and values into the cache, logits where asked.
///
/// Prompts and single new tokens go the same way. Each result depends only on its own sequence, bit for bit: every sum
/// has one order whatever rows stand beside, so answers do not change with the batch.
/// With many rows each lane takes whole sequences through all layers and waits for nobody. With few, lanes share every
/// matrix by its columns, each lane always the same ones: a model of a few megabytes then stays in the cores' own caches
/// from token to token.
final class DecodePass {
    let cache: KeyValueCache
    private let spec: ModelSpec
    private let weights: DecodeWeights
    private let pool: ThreadPool
    private let memory: DecodeMemory
    private let logits: Arena
    private let isCutByHeads: Bool
    private var plan = DecodePlan()

    init(spec: ModelSpec, weights: DecodeWeights, pool: ThreadPool, cache: KeyValueCache) throws(ComputeError) {
        self.spec = spec
        self.pool = pool
        self.weights = weights
        self.cache = cache
        logits = try Arena(count: cache.slots * spec.vocabularySize)
        memory = try DecodeMemory(spec: spec, lanes: pool.threads, capacity: cache.capacity)
        isCutByHeads = pool.threads > 1 && weights.model.canCut(headsBetween: pool.threads)
    }

    /// Logits after the last row of a sequence of the last batch, valid until the next `run`.
    func logits(sequence: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: logits.base + sequence * spec.vocabularySize, count: spec.vocabularySize)
    }

    /// Rows a lane must have to be worth its own reading of all weights.
    private static var rowsPerLane: Int { 12 }

    /// Runs a batch whose positions the cache has reserved.
    func run(_ batch: DecodeBatch) {
        cut(batch)
        let (blocks, parts) = (plan.blocks, plan.parts)
        blocks.withUnsafeBufferPointer { blocks in
            parts.withUnsafeBufferPointer { parts in
                batch.withRows { tokens, positions in
                    pool.runPhases { phases in
                        let rows = { DecodeRows($0, parts: parts, tokens: tokens, positions: positions) }
                        // Either all blocks are shared, or each lane has its own, all of which are one phase.
                        if blocks.first?.lane == nil {
                            for (index, block) in blocks.enumerated() {
                                lane(phases, block, rows(block)).run(isLast: index == blocks.count - 1)
                            }
                        } else {
                            phases.run(isLast: true) { part in
                                for block in blocks where block.lane == part {
                                    lane(phases, block, rows(block)).run(isLast: false)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Plans which lanes compute which rows.
    private func cut(_ batch: DecodeBatch) {
        plan.removeAll()
        if pool.threads > 1, batch.count >= Self.rowsPerLane * pool.threads {
            let shares = batch.shares(pool.threads, rowCost: spec.rowCost)
            if shares.count == pool.threads {
                for (lane, rows) in shares.enumerated() {
                    plan.append(rows, of: batch, most: DecodeMemory.laneRows, lane: lane)
                }
                return
            }
        }
        plan.append(0..<batch.count, of: batch, most: memory.rows, lane: nil)
    }

    private func lane(_ phases: Phases, _ block: DecodeBlock, _ rows: DecodeRows) -> DecodeLane {
        DecodeLane(
            team: DecodeTeam(phases: block.lane == nil ? phases : nil), model: weights.model, cache: cache.view,
            rows: rows, places: memory.places(lane: block.lane), scratch: memory.scratch(lane: phases.lane),
            isCutByHeads: isCutByHeads && block.lane == nil, logits: logits.base)
    }
}
