internal import CKernels

/// Forward passes for generation: rows through all layers, keys and values into the cache, logits where asked.
///
/// Prompts and single new tokens go the same way. Each result depends only on its own sequence, bit for bit: every sum
/// has one order whatever rows stand beside, so answers do not change with the batch.
/// With many rows each lane takes whole sequences through all layers and waits for nobody. With few, lanes share every
/// matrix by its columns, each lane always the same ones: a model of a few megabytes then stays in the cores' own caches
/// from token to token.
/// Legend: R rows, C width, M width of the MLP, V vocabulary.
final class DecodePass {
    let cache: KeyValueCache
    let spec: ModelSpec
    let weights: DecodeWeights
    let pool: ThreadPool
    let memory: DecodeMemory
    private let logits: Arena
    /// Key-value heads of each lane when it projects and attends without waiting for the others; empty where panels of
    /// the projection would be cut.
    private let headShares: [Range<Int>]

    init(spec: ModelSpec, weights: DecodeWeights, pool: ThreadPool, cache: KeyValueCache) throws(ComputeError) {
        self.spec = spec
        self.pool = pool
        self.weights = weights
        self.cache = cache
        logits = try Arena(count: cache.slots * spec.vocabularySize)
        memory = try DecodeMemory(spec: spec, lanes: pool.threads, capacity: cache.capacity)
        headShares = weights.headShares(spec: spec, parts: min(pool.threads, ThreadPool.mostParts))
    }

    /// Logits after the last row of a sequence of the last batch, valid until the next `run`.
    func logits(sequence: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: logits.base + sequence * spec.vocabularySize, count: spec.vocabularySize)
    }

    /// Rows a lane must have to be worth its own reading of all weights.
    private static var rowsPerLane: Int { 12 }

    /// Runs a batch whose positions the cache has reserved.
    func run(_ batch: DecodeBatch) {
        let lanes = min(pool.threads, ThreadPool.mostParts)
        if lanes > 1, batch.count >= Self.rowsPerLane * lanes {
            let shares = batch.shares(lanes, rowCost: spec.rowCost)
            if shares.count == lanes {
                pool.parallelByLane(parts: lanes) { part, lane in
                    run(batch, rows: shares[part], blockRows: DecodeMemory.laneRows, on: .lane(lane))
                }
                return
            }
        }
        run(batch, rows: 0..<batch.count, blockRows: memory.rows, on: .everyLane)
    }

    /// Runs some rows, whole sequences, block by block.
    private func run(_ batch: DecodeBatch, rows: Range<Int>, blockRows: Int, on team: DecodeTeam) {
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: blockRows) {
            let part = start..<min(start + blockRows, rows.upperBound)
            run(DecodeBlock(batch: batch, rows: part, team: team))
        }
    }

    private func run(_ block: DecodeBlock) {
        embed(block)
        for layer in weights.blocks {
            attention(layer, block)
            feedForward(layer, block)
        }
        writeLogits(block)
    }

    private func embed(_ block: DecodeBlock) {
        let first = block.rows.lowerBound
        block.batch.tokens.withUnsafeBufferPointer { tokens in
            block.batch.positions.withUnsafeBufferPointer { positions in
                guard let tokens = tokens.baseAddress, let positions = positions.baseAddress else { return }
                kernels_embed(
                    tokens + first, positions + first, weights.tokenTable, weights.positionTable, block.rows.count,
                    spec.width, memory[.stream, block])
            }
        }
    }

    private func attention(_ layer: DecodeWeights.Block, _ block: DecodeBlock) {
        let stream = memory[.stream, block]
        if block.isNarrow, !headShares.isEmpty {
            pool.parallelByLane(parts: headShares.count) { part, lane in
                let input = memory.narrow(lane)
                layer.attentionNorm.normalize(stream, rows: block.rows.count, spec: spec, into: input)
                project(input, heads: headShares[part], by: layer.queryKeyValue, block)
                for sequence in block.sequences {
                    attend(sequence, heads: headShares[part], layer: layer.layer, lane: lane, block)
                }
            }
        } else {
            let input = normalized(stream, by: layer.attentionNorm, block)
            for linear in layer.queryKeyValue { multiply(input, by: linear, into: memory[.projected, block], block) }
            attend(layer: layer.layer, block)
        }
        multiply(.rows(memory[.attended, block]), by: layer.projection, into: stream, block, .added)
    }

    private func feedForward(_ layer: DecodeWeights.Block, _ block: DecodeBlock) {
        let input = normalized(memory[.stream, block], by: layer.mlpNorm, block)
        let (hidden, activated) = (memory[.hidden, block], memory[.activated, block])
        switch spec.activation {
        case .geluTanh:
            multiply(input, by: layer.expansion[0], into: hidden, block, .activated(activated))
        case .swiGLU:
            for linear in layer.expansion { multiply(input, by: linear, into: hidden, block) }
            forEachRow(block) { range, _ in
                kernels_swiglu(
                    hidden + range.lowerBound * spec.hiddenWidth, range.count, spec.mlpWidth,
                    activated + range.lowerBound * spec.mlpWidth)
            }
        }
        multiply(.rows(activated), by: layer.contraction, into: memory[.stream, block], block, .added)
    }

    /// Logits of the sequences that end in a block; their last rows are gathered first.
    private func writeLogits(_ block: DecodeBlock) {
        let stream = memory[.stream, block]
        var asking = 0
        for sequence in block.sequences where sequence.isEnd {
            // Rows are gathered in order, to places before their own, so none is overwritten that is still to come.
            let source = stream + (sequence.rows.upperBound - 1 - block.rows.lowerBound) * spec.width
            let target = stream + asking * spec.width
            if source != target { target.update(from: source, count: spec.width) }
            asking += 1
        }
        guard asking > 0, let first = block.sequences.first(where: \.isEnd) else { return }
        let ends = block.narrowed(to: asking)
        let input = normalized(stream, by: weights.finalNorm, ends)
        // Sequences that end in a block are neighbours, and so are their logits.
        multiply(input, by: weights.head, into: logits.base + first.index * spec.vocabularySize, ends)
    }
}
