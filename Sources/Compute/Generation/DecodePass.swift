internal import CKernels

/// Forward passes for generation: rows through all layers, keys and values into the cache, logits where asked.
///
/// Prompts and single new tokens go the same way. Each result depends only on its own sequence, bit for bit: a product
/// sums over its inputs in one order whatever rows stand beside, so answers do not change with the batch.
/// Legend: R rows, C width, M width of the MLP, V vocabulary.
final class DecodePass {
    let cache: KeyValueCache
    private let spec: ModelSpec
    private let weights: DecodeWeights
    private let pool: ThreadPool
    private let logits: Arena
    private let scratch: [Scratch]

    /// Rows that go through a layer together: a few register tiles, whose activations stay in the second cache.
    private static let blockRows = 48

    init(
        spec: ModelSpec, table: ParameterTable, weights: Arena, pool: ThreadPool, slots: Int, capacity: Int,
    ) throws(ComputeError) {
        self.spec = spec
        self.pool = pool
        self.weights = try DecodeWeights(spec: spec, table: table, weights: weights, pool: pool)
        cache = try KeyValueCache(slots: slots, capacity: capacity, layers: spec.layers, width: spec.width)
        logits = try Arena(count: slots * spec.vocabularySize)
        var scratch: [Scratch] = []
        for _ in 0..<pool.threads {
            scratch.append(try Scratch(rows: Self.blockRows, capacity: capacity, spec: spec))
        }
        self.scratch = scratch
    }

    /// Logits of one row of the last batch, valid until the next `run`.
    func logits(row: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: logits.base + row * spec.vocabularySize, count: spec.vocabularySize)
    }

    /// Runs a batch. Threads share sequences; with fewer sequences than threads they share each matrix instead.
    func run(_ batch: DecodeBatch) {
        let tiles = (batch.count + 6 * pool.threads - 1) / (6 * pool.threads)
        let tasks = batch.tasks(rows: min(Self.blockRows, 6 * tiles))
        if tasks.count < pool.threads {
            for task in tasks { run(task, of: batch, on: .everyLane) }
        } else {
            pool.parallelFor(count: tasks.count, grain: 1) { chunk, lane in
                for task in tasks[chunk] { run(task, of: batch, on: .lane(lane)) }
            }
        }
    }

    /// Who computes a block.
    private enum Team {
        /// One thread alone, with its own scratch.
        case lane(Int)
        /// The calling thread, which shares every matrix with the others.
        case everyLane

        var scratchIndex: Int {
            if case .lane(let lane) = self { return lane }
            return 0
        }
    }

    private func run(_ rows: Range<Int>, of batch: DecodeBatch, on team: Team) {
        var start = rows.lowerBound
        while start < rows.upperBound {
            let end = min(start + Self.blockRows, rows.upperBound)
            runBlock(start..<end, of: batch, on: team)
            start = end
        }
    }

    private func runBlock(_ rows: Range<Int>, of batch: DecodeBatch, on team: Team) {
        let scratch = scratch[team.scratchIndex]
        let width = spec.width
        batch.tokens.withUnsafeBufferPointer { tokens in
            batch.positions.withUnsafeBufferPointer { positions in
                guard let tokens = tokens.baseAddress, let positions = positions.baseAddress else { return }
                kernels_embed(
                    tokens + rows.lowerBound, positions + rows.lowerBound, weights.tokenTable, weights.positionTable,
                    rows.count, width, scratch.stream)
            }
        }
        for layer in 0..<spec.layers {
            let block = weights.blocks[layer]
            normalize(scratch.stream, rows: rows.count, by: block.attentionNorm, into: scratch.normal)
            multiply(scratch.normal, rows: rows.count, by: block.queryKeyValue, into: scratch.projected, on: team)
            store(rows, of: batch, layer: layer, from: scratch.projected)
            attend(rows, of: batch, layer: layer, scratch: scratch, on: team)
            multiply(
                scratch.normal, rows: rows.count, by: block.projection, into: scratch.stream, .added, on: team)
            normalize(scratch.stream, rows: rows.count, by: block.mlpNorm, into: scratch.normal)
            multiply(
                scratch.normal, rows: rows.count, by: block.expand, into: scratch.hidden,
                .activated(scratch.activated), on: team)
            multiply(
                scratch.activated, rows: rows.count, by: block.contract, into: scratch.stream, .added, on: team)
        }
        writeLogits(rows, of: batch, scratch: scratch, on: team)
    }
}

// MARK: - Parts of a layer

extension DecodePass {
    private func normalize(
        _ input: UnsafeMutablePointer<Float>, rows: Int, by norm: DecodeWeights.Norm,
        into output: UnsafeMutablePointer<Float>,
    ) {
        kernels_layer_norm(input, norm.gain, norm.shift, spec.normEpsilon, rows, spec.width, output, nil, nil)
    }

    /// What becomes of input * matrix + bias.
    private enum Finish {
        /// It overwrites the output.
        case plain
        /// It is added to the output.
        case added
        /// It overwrites the output, and its GELU goes here.
        case activated(UnsafeMutablePointer<Float>)
    }

    private func multiply(
        _ input: UnsafeMutablePointer<Float>, rows: Int, by linear: DecodeWeights.Linear,
        into output: UnsafeMutablePointer<Float>, _ finish: Finish = .plain, on team: Team,
    ) {
        var start: UnsafePointer<Float>?
        var activated: UnsafeMutablePointer<Float>?
        switch finish {
        case .plain: break
        case .added: start = UnsafePointer(output)
        case .activated(let target): activated = target
        }
        let whole = kernels_product(
            a: input, a_row: linear.inputs, a_column: 1, packed: linear.packed, k: linear.inputs, n: linear.outputs,
            c: output, c_row: linear.outputs, start: start, start_row: linear.outputs,
            bias: linear.bias, finish: Int32(activated == nil ? KERNELS_PLAIN : KERNELS_GELU), activated: activated,
            activated_row: linear.outputs)
        guard case .everyLane = team, rows * linear.inputs * linear.outputs > Self.sharedProductSize else {
            withUnsafePointer(to: whole) { kernels_multiply($0, 0, rows) }
            return
        }
        let panel = kernels_panel_width()
        pool.parallelFor(count: (linear.outputs + panel - 1) / panel, minimum: 2) { panels, _ in
            let first = panels.lowerBound * panel
            var part = whole
            part.packed += first * linear.inputs
            part.n = min(panels.count * panel, linear.outputs - first)
            part.c += first
            part.start = part.start.map { $0 + first }
            part.bias = part.bias.map { $0 + first }
            part.activated = part.activated.map { $0 + first }
            withUnsafePointer(to: part) { kernels_multiply($0, 0, rows) }
        }
    }

    /// Multiplications below which handing a product to the other threads costs more than it saves.
    private static var sharedProductSize: Int { 1 << 14 }

    /// Puts the rows' keys and values into their slots, so that attention sees them like all earlier ones.
    private func store(
        _ rows: Range<Int>, of batch: DecodeBatch, layer: Int, from projected: UnsafeMutablePointer<Float>,
    ) {
        let width = spec.width
        for (index, row) in rows.enumerated() {
            let key = projected + index * 3 * width + width
            cache.store(
                key: key, value: key + width, slot: batch.slots[row], layer: layer, position: Int(batch.positions[row]))
        }
    }

    /// Each row's query against the keys up to its own position; the result replaces `normal`.
    private func attend(_ rows: Range<Int>, of batch: DecodeBatch, layer: Int, scratch: Scratch, on team: Team) {
        guard case .everyLane = team else {
            attend(rows, first: rows.lowerBound, of: batch, layer: layer, scratch: scratch, scores: scratch.scores)
            return
        }
        pool.parallelFor(count: rows.count, minimum: 8) { part, lane in
            let range = rows.lowerBound + part.lowerBound..<rows.lowerBound + part.upperBound
            attend(
                range, first: rows.lowerBound, of: batch, layer: layer, scratch: scratch,
                scores: self.scratch[lane].scores)
        }
    }

    private func attend(
        _ rows: Range<Int>, first: Int, of batch: DecodeBatch, layer: Int, scratch: Scratch,
        scores: UnsafeMutablePointer<Float>,
    ) {
        let (width, size) = (spec.width, spec.headWidth)
        let scale = 1 / Float(size).squareRoot()
        for row in rows {
            let keys = cache.keys(slot: batch.slots[row], layer: layer)
            let values = cache.values(slot: batch.slots[row], layer: layer)
            let query = scratch.projected + (row - first) * 3 * width
            let output = scratch.normal + (row - first) * width
            for head in 0..<spec.heads {
                kernels_attend_cached(
                    query + head * size, keys + head * size * KERNELS_KEY_POSITIONS, cache.keyBlock,
                    values + head * size, width, Int(batch.positions[row]) + 1, size, scale, scores,
                    output + head * size)
            }
        }
    }

    /// Logits of the block's rows that ask for them; those rows are gathered first.
    private func writeLogits(_ rows: Range<Int>, of batch: DecodeBatch, scratch: Scratch, on team: Team) {
        let width = spec.width
        let asking = rows.filter { batch.logitsRows[$0] >= 0 }
        guard let first = asking.first else { return }
        for (index, row) in asking.enumerated() {
            let source = scratch.stream + (row - rows.lowerBound) * width
            kernels_layer_norm(
                source, weights.finalNorm.gain, weights.finalNorm.shift, spec.normEpsilon, 1, width,
                scratch.normal + index * width, nil, nil)
        }
        // Logits rows are numbered in row order, so those of a block are neighbours.
        let target = logits.base + batch.logitsRows[first] * spec.vocabularySize
        multiply(scratch.normal, rows: asking.count, by: weights.head, into: target, on: team)
    }
}

/// One lane's activations for a block of rows.
private struct Scratch {
    /// Residual stream, R x C.
    let stream: UnsafeMutablePointer<Float>
    /// Normalised rows, then attention output, R x C.
    let normal: UnsafeMutablePointer<Float>
    /// Query, key and value, R x 3C.
    let projected: UnsafeMutablePointer<Float>
    /// MLP before and after its activation, R x M each.
    let hidden: UnsafeMutablePointer<Float>
    let activated: UnsafeMutablePointer<Float>
    /// Attention scores of one query and head.
    let scores: UnsafeMutablePointer<Float>
    // SAFETY: the pointers above point into this arena, which lives as long as this value.
    private let memory: Arena

    init(rows: Int, capacity: Int, spec: ModelSpec) throws(ComputeError) {
        let (width, mlpWidth) = (spec.width, spec.mlpWidth)
        // Lanes write side by side; whole cache lines keep them apart.
        let scoreCount = (capacity + 15) / 16 * 16
        memory = try Arena(count: rows * (5 * width + 2 * mlpWidth) + scoreCount)
        stream = memory.base
        normal = stream + rows * width
        projected = normal + rows * width
        hidden = projected + rows * 3 * width
        activated = hidden + rows * mlpWidth
        scores = activated + rows * mlpWidth
    }
}
