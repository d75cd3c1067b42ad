internal import CKernels

/// Forward passes for generation: rows through all layers, keys and values into the cache, logits where asked.
///
/// Prompts and single new tokens go the same way. Each result depends only on its own sequence, bit for bit: every sum
/// has one order whatever rows stand beside, so answers do not change with the batch.
/// Threads share every matrix by its columns, each lane always the same ones: a model of a few megabytes then stays in
/// the cores' own caches from token to token.
/// Legend: R rows, C width, M width of the MLP, V vocabulary.
final class DecodePass {
    let cache: KeyValueCache
    private let spec: ModelSpec
    private let weights: DecodeWeights
    private let pool: ThreadPool
    private let logits: Arena
    private let memory: DecodeMemory
    private var sequences: [DecodeBatch.Sequence] = []
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

    /// Runs a batch whose positions the cache has reserved.
    func run(_ batch: DecodeBatch) {
        for start in stride(from: 0, to: batch.count, by: DecodeMemory.rows) {
            let rows = start..<min(start + DecodeMemory.rows, batch.count)
            batch.sequences(in: rows, &sequences)
            embed(rows, of: batch)
            for block in weights.blocks {
                attention(block, rows: rows)
                feedForward(block, rows: rows.count)
            }
            writeLogits(rows, of: batch)
        }
    }

    private func embed(_ rows: Range<Int>, of batch: DecodeBatch) {
        batch.tokens.withUnsafeBufferPointer { tokens in
            batch.positions.withUnsafeBufferPointer { positions in
                guard let tokens = tokens.baseAddress, let positions = positions.baseAddress else { return }
                kernels_embed(
                    tokens + rows.lowerBound, positions + rows.lowerBound, weights.tokenTable, weights.positionTable,
                    rows.count, spec.width, memory.stream)
            }
        }
    }

    private func attention(_ block: DecodeWeights.Block, rows: Range<Int>) {
        if rows.count <= DecodeMemory.laneRows, !headShares.isEmpty {
            pool.parallelByLane(parts: headShares.count) { part, lane in
                let input = memory.lane(lane).normal
                normalize(memory.stream, rows: rows.count, by: block.attentionNorm, into: input)
                project(input, rows: rows.count, heads: headShares[part], by: block.queryKeyValue)
                for sequence in sequences {
                    attend(sequence, first: rows.lowerBound, heads: headShares[part], layer: block.layer, lane: lane)
                }
            }
        } else {
            let input = normalized(memory.stream, rows: rows.count, by: block.attentionNorm)
            for linear in block.queryKeyValue { multiply(input, rows: rows.count, by: linear, into: memory.projected) }
            let groups = sequences.count >= 2 * pool.threads ? 1 : spec.keyValueHeads
            pool.parallelFor(count: sequences.count * groups, grain: 1) { tasks, lane in
                for task in tasks {
                    let (index, group) = task.quotientAndRemainder(dividingBy: groups)
                    let heads = group * spec.keyValueHeads / groups..<(group + 1) * spec.keyValueHeads / groups
                    attend(sequences[index], first: rows.lowerBound, heads: heads, layer: block.layer, lane: lane)
                }
            }
        }
        multiply(.rows(memory.attended), rows: rows.count, by: block.projection, into: memory.stream, .added)
    }

    private func feedForward(_ block: DecodeWeights.Block, rows: Int) {
        let input = normalized(memory.stream, rows: rows, by: block.mlpNorm)
        multiply(input, rows: rows, by: block.expand, into: memory.hidden, .activated(memory.activated))
        multiply(.rows(memory.activated), rows: rows, by: block.contract, into: memory.stream, .added)
    }

    /// Logits of the sequences that end among these rows; their last rows are gathered first.
    private func writeLogits(_ rows: Range<Int>, of batch: DecodeBatch) {
        var asking = 0
        var first = 0
        for (index, sequence) in batch.sequences.enumerated() where rows.contains(sequence.rows.upperBound - 1) {
            if asking == 0 { first = index }
            // Rows are gathered in order, to places before their own, so none is overwritten that is still to come.
            let source = memory.stream + (sequence.rows.upperBound - 1 - rows.lowerBound) * spec.width
            let target = memory.stream + asking * spec.width
            if source != target { target.update(from: source, count: spec.width) }
            asking += 1
        }
        guard asking > 0 else { return }
        let input = normalized(memory.stream, rows: asking, by: weights.finalNorm)
        // Sequences that end in a block are neighbours, and so are their logits.
        multiply(input, rows: asking, by: weights.head, into: logits.base + first * spec.vocabularySize)
    }
}

// MARK: - Products

extension DecodePass {
    /// Rows that enter a product.
    private enum Input {
        case rows(FloatPointer)
        /// To be normalised by every lane for itself, because there are few.
        case raw(FloatPointer, DecodeWeights.Norm)
    }

    private func normalized(_ rows: MutableFloatPointer, rows count: Int, by norm: DecodeWeights.Norm) -> Input {
        if count <= DecodeMemory.laneRows { return .raw(rows, norm) }
        pool.parallelFor(count: count, minimum: 8) { range, _ in
            let first = range.lowerBound * spec.width
            normalize(rows + first, rows: range.count, by: norm, into: memory.normal + first)
        }
        return .rows(memory.normal)
    }

    private func normalize(
        _ input: FloatPointer, rows: Int, by norm: DecodeWeights.Norm, into output: MutableFloatPointer
    ) {
        kernels_layer_norm(input, norm.gain, norm.shift, spec.normEpsilon, rows, spec.width, output, nil, nil)
    }

    private func multiply(
        _ input: Input, rows: Int, by linear: DecodeWeights.Linear, into output: MutableFloatPointer,
        _ finish: DecodeFinish = .plain
    ) {
        let panels = linear.panels
        let body = { (range: Range<Int>, lane: Int) in
            switch input {
            case .rows(let rowsIn): linear.multiply(rowsIn, rows: rows, panels: range, into: output, finish)
            case .raw(let raw, let norm):
                let prepared = self.memory.lane(lane).normal
                self.normalize(raw, rows: rows, by: norm, into: prepared)
                linear.multiply(prepared, rows: rows, panels: range, into: output, finish)
            }
        }
        if rows > Self.steadyRows {
            pool.parallelFor(count: panels, minimum: 1, body: body)
        } else {
            let isSmall = rows * linear.inputs * linear.outputs < Self.sharedProductSize
            let parts = isSmall ? 1 : min(pool.threads, panels, ThreadPool.mostParts)
            pool.parallelByLane(parts: parts) { part, lane in
                body(part * panels / parts..<(part + 1) * panels / parts, lane)
            }
        }
    }

    /// Rows up to which a lane keeps to its own columns; beyond, panels are claimed by whoever is free.
    private static var steadyRows: Int { 48 }
    /// Multiplications below which handing a product to the other threads costs more than it saves.
    private static var sharedProductSize: Int { 1 << 13 }

    /// The query, key and value columns of some heads.
    private func project(_ input: FloatPointer, rows: Int, heads: Range<Int>, by linears: [DecodeWeights.Linear]) {
        for columns in spec.projectionColumns(heads: heads) {
            for linear in linears {
                guard let panels = linear.panels(columns: columns), !panels.isEmpty else { continue }
                linear.multiply(input, rows: rows, panels: panels, into: memory.projected)
            }
        }
    }
}

// MARK: - Attention

extension DecodePass {
    /// Puts the rows' keys and values of some heads into their pages, then lets each row attend up to itself.
    private func attend(_ sequence: DecodeBatch.Sequence, first: Int, heads: Range<Int>, layer: Int, lane: Int) {
        let (size, group, layout) = (spec.headWidth, spec.heads / spec.keyValueHeads, cache.layout)
        let rowWidth = spec.projectedWidth
        let addresses = cache.addresses(ofSlot: sequence.slot)
        var work = kernels_paged_attention()
        work.pages = UnsafePointer(addresses)
        (work.storage, work.page_positions) = (layout.kernelStorage, layout.positions)
        work.key_offset = layout.keyOffset(layer: layer, head: heads.lowerBound)
        work.value_offset = layout.valueOffset(layer: layer, head: heads.lowerBound)
        (work.size, work.key_value_heads, work.group) = (size, heads.count, group)
        work.scale = 1 / Float(size).squareRoot()
        work.scores = memory.lane(lane).scores
        var position = sequence.position
        for row in sequence.rows {
            let projected = memory.projected + (row - first) * rowWidth
            var place = kernels_page_place()
            place.page = addresses[position / layout.positions]
            (place.storage, place.page_positions) = (work.storage, layout.positions)
            (place.key_offset, place.value_offset) = (work.key_offset, work.value_offset)
            (place.position, place.size, place.key_value_heads) = (position % layout.positions, size, heads.count)
            let key = projected + (spec.heads + heads.lowerBound) * size
            kernels_store_in_page(&place, key, key + spec.keyValueHeads * size)
            work.query = FloatPointer(projected + heads.lowerBound * group * size)
            work.output = memory.attended + ((row - first) * spec.heads + heads.lowerBound * group) * size
            work.length = position + 1
            kernels_attend_pages(&work)
            position += 1
        }
    }
}

extension ModelSpec {
    /// Floats of one row q|k|v.
    var projectedWidth: Int { (heads + 2 * keyValueHeads) * headWidth }

    /// The columns of a row q|k|v that belong to some key-value heads: queries, keys, values.
    func projectionColumns(heads range: Range<Int>) -> [Range<Int>] {
        let (first, end) = (range.lowerBound * headWidth, range.upperBound * headWidth)
        let group = heads / keyValueHeads
        let (keys, values) = (heads * headWidth, (heads + keyValueHeads) * headWidth)
        return [first * group..<end * group, keys + first..<keys + end, values + first..<values + end]
    }
}

extension DecodeWeights {
    /// Key-value heads cut into parts whose projections are whole panels; empty where that cannot be.
    func headShares(spec: ModelSpec, parts: Int) -> [Range<Int>] {
        let count = min(parts, spec.keyValueHeads)
        let shares = (0..<count).map { part in
            part * spec.keyValueHeads / count..<(part + 1) * spec.keyValueHeads / count
        }
        guard let linears = blocks.first?.queryKeyValue else { return [] }
        let isWhole = shares.allSatisfy { heads in
            spec.projectionColumns(heads: heads).allSatisfy { columns in
                linears.allSatisfy { $0.panels(columns: columns) != nil }
            }
        }
        return isWhole ? shares : []
    }
}
