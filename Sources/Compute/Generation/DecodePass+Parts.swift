internal import CKernels

/// Rows that enter a product.
enum DecodeInput {
    case rows(FloatPointer)
    /// To be normalised by every lane for itself, because there are few.
    case raw(FloatPointer, DecodeWeights.NormView)
}

// MARK: - Products

extension DecodePass {
    /// Calls `body` with ranges of a block's rows that cover it.
    func forEachRow(_ block: DecodeBlock, _ body: (Range<Int>, Int) -> Void) {
        switch block.team {
        case .lane(let lane): body(0..<block.rows.count, lane)
        case .everyLane: pool.parallelFor(count: block.rows.count, minimum: 8, body: body)
        }
    }

    func normalized(_ rows: MutableFloatPointer, by norm: DecodeWeights.NormView, _ block: DecodeBlock) -> DecodeInput {
        if block.isNarrow { return .raw(rows, norm) }
        let output = memory[.normal, block]
        forEachRow(block) { range, _ in
            let first = range.lowerBound * spec.width
            norm.normalize(rows + first, rows: range.count, spec: spec, into: output + first)
        }
        return .rows(output)
    }

    /// Multiplies the block's rows by a whole matrix.
    func multiply(
        _ input: DecodeInput, by linear: DecodeWeights.LinearView, into output: MutableFloatPointer,
        _ block: DecodeBlock, _ finish: DecodeFinish = .plain
    ) {
        let (rows, panels) = (block.rows.count, linear.panels)
        let body = { (range: Range<Int>, lane: Int) in
            switch input {
            case .rows(let ready): linear.multiply(ready, rows: rows, panels: range, into: output, finish)
            case .raw(let raw, let norm):
                let ready = self.memory.narrow(lane)
                norm.normalize(raw, rows: rows, spec: self.spec, into: ready)
                linear.multiply(ready, rows: rows, panels: range, into: output, finish)
            }
        }
        if case .lane(let lane) = block.team {
            body(0..<panels, lane)
        } else if rows > Self.steadyRows {
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
    func project(
        _ input: FloatPointer, heads: Range<Int>, by linears: [DecodeWeights.LinearView], _ block: DecodeBlock
    ) {
        for columns in spec.projectionColumns(heads: heads) {
            for linear in linears {
                guard let panels = linear.panels(columns: columns), !panels.isEmpty else { continue }
                linear.multiply(input, rows: block.rows.count, panels: panels, into: memory[.projected, block])
            }
        }
    }
}

// MARK: - Attention

extension DecodePass {
    /// Attention of all rows of a block, shared by sequences, and by heads where those are few.
    func attend(layer: Int, _ block: DecodeBlock) {
        let heads = spec.keyValueHeads
        if case .lane(let lane) = block.team {
            for sequence in block.sequences { attend(sequence, heads: 0..<heads, layer: layer, lane: lane, block) }
            return
        }
        let groups = block.sequences.count >= 2 * pool.threads ? 1 : heads
        pool.parallelFor(count: block.sequences.count * groups, grain: 1) { tasks, lane in
            for task in tasks {
                let (index, group) = task.quotientAndRemainder(dividingBy: groups)
                let part = group * heads / groups..<(group + 1) * heads / groups
                attend(block.sequences[index], heads: part, layer: layer, lane: lane, block)
            }
        }
    }

    /// Turns the rows' queries and keys of some heads to their positions, puts keys and values into their pages, and lets
    /// each row attend up to itself.
    func attend(_ sequence: DecodeBlock.Part, heads: Range<Int>, layer: Int, lane: Int, _ block: DecodeBlock) {
        let (size, group, layout) = (spec.headWidth, spec.heads / spec.keyValueHeads, cache.layout)
        let addresses = cache.addresses(ofSlot: sequence.slot)
        var place = kernels_page_place()
        (place.storage, place.page_positions) = (layout.kernelStorage, layout.positions)
        place.key_offset = layout.keyOffset(layer: layer, head: heads.lowerBound)
        place.value_offset = layout.valueOffset(layer: layer, head: heads.lowerBound)
        (place.size, place.key_value_heads) = (size, heads.count)
        var work = kernels_paged_attention()
        work.pages = UnsafePointer(addresses)
        (work.storage, work.page_positions) = (place.storage, place.page_positions)
        (work.key_offset, work.value_offset) = (place.key_offset, place.value_offset)
        (work.size, work.key_value_heads, work.group) = (size, heads.count, group)
        work.scale = 1 / Float(size).squareRoot()
        work.scores = memory.scores(lane)
        for (index, row) in sequence.rows.enumerated() {
            let position = sequence.position + index
            let projected = memory[.projected, block] + (row - block.rows.lowerBound) * spec.queryKeyValueWidth
            let query = projected + heads.lowerBound * group * size
            let key = projected + spec.attentionWidth + heads.lowerBound * size
            rotate(query, heads: heads.count * group, to: position)
            rotate(key, heads: heads.count, to: position)
            place.page = addresses[position / layout.positions]
            place.position = position % layout.positions
            kernels_store_in_page(&place, key, key + spec.keyValueWidth)
            work.query = FloatPointer(query)
            work.output =
                memory[.attended, block] + (row - block.rows.lowerBound) * spec.attentionWidth
                + heads.lowerBound * group * size
            work.length = position + 1
            kernels_attend_pages(&work)
        }
    }

    private func rotate(_ row: MutableFloatPointer, heads: Int, to position: Int) {
        guard let table = weights.rotaryTable else { return }
        var position = Int32(position)
        kernels_rotate(row, 0, &position, table, 1, heads, spec.headWidth, 1)
    }
}
