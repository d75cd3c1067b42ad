internal import CKernels

/// One lane's way through the layers with the rows of a block; the lanes of its team take the same way.
///
/// It holds plain values and pointers only, see `DecodeModel`. What a phase writes is read in later ones.
struct DecodeLane {
    let team: DecodeTeam
    let model: DecodeModel
    let cache: KeyValueCache.View
    let rows: DecodeRows
    let places: DecodeMemory.Places
    let scratch: DecodeMemory.Scratch
    /// Whether a lane can project and attend with its own heads, without those of the others.
    let isCutByHeads: Bool
    /// A row of the vocabulary's size for each sequence of the batch.
    let logits: MutableFloatPointer

    /// So few rows that each lane normalises all of them for itself instead of waiting for the others.
    private var isNarrow: Bool { rows.count <= DecodeMemory.narrowRows }

    /// The whole pass; `isLast` when no other block follows.
    func run(isLast: Bool) {
        embed()
        for layer in model.blocks {
            attention(layer)
            feedForward(layer)
        }
        writeLogits(isLast: isLast)
    }

    private func embed() {
        team.phase { share in
            let range = share.of(rows.count)
            kernels_embed(
                rows.tokens + range.lowerBound, rows.positions + range.lowerBound, model.tokenTable,
                model.positionTable, range.count, model.width, places.stream + range.lowerBound * model.width)
        }
    }

    private func attention(_ layer: DecodeModel.Block) {
        normalizeWide(by: layer.attentionNorm)
        team.phase { share in
            let input = normalized(by: layer.attentionNorm)
            if isCutByHeads {
                let heads = share.of(model.keyValueHeads)
                model.forEachProjection(layer, heads: heads) { linear, panels in
                    linear.multiply(input, rows: rows.count, panels: panels, into: places.projected)
                }
                for part in rows.parts { attend(part, heads: heads, layer: layer.layer) }
            } else {
                for linear in layer.queryKeyValue { multiply(input, by: linear, into: places.projected, share) }
            }
        }
        if !isCutByHeads { team.phase { attend($0, layer: layer.layer) } }
        team.phase { multiply(FloatPointer(places.attended), by: layer.projection, into: places.stream, $0, .added) }
    }

    private func feedForward(_ layer: DecodeModel.Block) {
        normalizeWide(by: layer.mlpNorm)
        team.phase { share in
            let input = normalized(by: layer.mlpNorm)
            switch model.activation {
            case .geluTanh:
                multiply(input, by: layer.expansion[0], into: places.hidden, share, .activated(places.activated))
            case .swiGLU:
                // Gate and up are cut alike, so a share has both of each of its columns.
                for linear in layer.expansion { multiply(input, by: linear, into: places.hidden, share) }
                let columns = layer.expansion[0].columns(panels: share.of(layer.expansion[0].panels))
                kernels_swiglu(
                    places.hidden, rows.count, model.mlpWidth, columns.lowerBound, columns.upperBound,
                    places.activated)
            }
        }
        team.phase {
            multiply(FloatPointer(places.activated), by: layer.contraction, into: places.stream, $0, .added)
        }
    }

    /// Normalises the stream by shares of its rows where they are many; it takes a phase.
    private func normalizeWide(by norm: DecodeModel.NormView) {
        guard !isNarrow else { return }
        team.phase { share in
            let range = share.of(rows.count), first = range.lowerBound * model.width
            norm.normalize(places.stream + first, rows: range.count, of: model, into: places.normal + first)
        }
    }

    /// The normalised rows, inside a phase.
    private func normalized(by norm: DecodeModel.NormView) -> FloatPointer {
        guard isNarrow else { return FloatPointer(places.normal) }
        norm.normalize(places.stream, rows: rows.count, of: model, into: scratch.normal)
        return FloatPointer(scratch.normal)
    }

    /// Multiplies the block's rows by a share of a matrix's columns.
    private func multiply(
        _ input: FloatPointer, by linear: DecodeModel.LinearView, into output: MutableFloatPointer,
        _ share: DecodeShare, _ finish: DecodeFinish = .plain
    ) {
        linear.multiply(input, rows: rows.count, panels: share.of(linear.panels), into: output, finish)
    }
}

// MARK: - Logits

extension DecodeLane {
    /// Logits of the sequences that end in the block, which are neighbours, and so are their logits.
    private func writeLogits(isLast: Bool) {
        let count = rows.parts.reduce(0) { $0 + ($1.isEnd ? 1 : 0) }
        guard let first = rows.parts.first(where: \.isEnd) else { return }
        if !isNarrow { team.phase { normalizeEnds($0.of(count), into: places.normal) } }
        team.phase(isLast: isLast) { share in
            if isNarrow { normalizeEnds(0..<count, into: scratch.normal) }
            model.head.multiply(
                isNarrow ? scratch.normal : places.normal, rows: count, panels: share.of(model.head.panels),
                into: logits + first.index * model.vocabularySize)
        }
    }

    /// Normalises the last rows of some of the sequences that end in the block.
    private func normalizeEnds(_ range: Range<Int>, into output: MutableFloatPointer) {
        var end = 0
        for part in rows.parts where part.isEnd {
            if range.contains(end) {
                let row = places.stream + (part.rows.upperBound - 1 - rows.first) * model.width
                model.finalNorm.normalize(row, rows: 1, of: model, into: output + end * model.width)
            }
            end += 1
        }
    }
}

// MARK: - Attention

extension DecodeLane {
    /// A share of all heads of all sequences.
    private func attend(_ share: DecodeShare, layer: Int) {
        let heads = model.keyValueHeads
        if share.count == 1 {
            for part in rows.parts { attend(part, heads: 0..<heads, layer: layer) }
            return
        }
        for task in share.of(rows.parts.count * heads) {
            let (part, head) = task.quotientAndRemainder(dividingBy: heads)
            attend(rows.parts[part], heads: head..<head + 1, layer: layer)
        }
    }

    /// Turns the rows' queries and keys of some heads to their positions, puts keys and values into their pages, and lets
    /// each row attend up to itself.
    private func attend(_ part: DecodeBlock.Part, heads: Range<Int>, layer: Int) {
        guard !heads.isEmpty else { return }
        let (size, group, layout) = (model.headWidth, model.group, cache.layout)
        let addresses = cache.addresses(ofSlot: part.slot)
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
        work.scores = scratch.scores
        for (index, row) in part.rows.enumerated() {
            let position = part.position + index
            let projected = places.projected + (row - rows.first) * model.queryKeyValueWidth
            let query = projected + heads.lowerBound * group * size
            let key = projected + model.attentionWidth + heads.lowerBound * size
            rotate(query, heads: heads.count * group, to: position)
            rotate(key, heads: heads.count, to: position)
            place.page = addresses[position / layout.positions]
            place.position = position % layout.positions
            kernels_store_in_page(&place, key, key + model.keyValueWidth)
            work.query = FloatPointer(query)
            work.output =
                places.attended + (row - rows.first) * model.attentionWidth + heads.lowerBound * group * size
            work.length = position + 1
            kernels_attend_pages(&work)
        }
    }

    private func rotate(_ row: MutableFloatPointer, heads: Int, to position: Int) {
        guard let table = model.rotaryTable else { return }
        var position = Int32(position)
        kernels_rotate(row, 0, &position, table, 1, heads, model.headWidth, 1)
    }
}
