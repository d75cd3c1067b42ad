import CKernels

@testable import Compute

extension KeyValueCache {
    /// A cache of these sizes, without a model.
    static func empty(
        heads: Int, size: Int, layers: Int, slots: Int = 1, capacity: Int, pages: Int = .max,
        options: CacheOptions = CacheOptions(pagePositions: 16),
    ) throws -> KeyValueCache {
        var spec = ModelSpec.gpt2(
            vocabularySize: 2, contextLength: max(capacity, 1), width: heads * size, layers: layers, heads: heads)
        spec.headWidth = size
        let memory = PageMemory(layout: CacheLayout(spec: spec, options: options))
        return KeyValueCache(memory: memory, slots: slots, capacity: capacity, pages: pages)
    }

    /// Writes one position of a layer, all heads.
    func store(key: [Float], value: [Float], slot: Int, layer: Int, position: Int) {
        var place = kernels_page_place()
        place.page = view.addresses(ofSlot: slot)[position / layout.positions]
        (place.storage, place.page_positions) = (layout.kernelStorage, layout.positions)
        (place.key_offset, place.value_offset) =
            (layout.keyOffset(layer: layer, head: 0), layout.valueOffset(layer: layer, head: 0))
        (place.position, place.size, place.key_value_heads) =
            (position % layout.positions, layout.headWidth, layout.heads)
        kernels_store_in_page(&place, key, value)
    }

    /// Key and value of one position of a layer in a cache of single precision, read by the layout's definition.
    func row(slot: Int, layer: Int, position: Int) -> (key: [Float], value: [Float]) {
        let (index, place) = position.quotientAndRemainder(dividingBy: layout.positions)
        guard let page = view.addresses(ofSlot: slot)[index]?.assumingMemoryBound(to: Float.self) else {
            return ([], [])
        }
        var (key, value): ([Float], [Float]) = ([], [])
        for head in 0..<layout.heads {
            let keys = page + layout.keyOffset(layer: layer, head: head) + place / 16 * 16 * layout.headWidth
            let values = page + layout.valueOffset(layer: layer, head: head) + place * layout.headWidth
            for channel in 0..<layout.headWidth {
                key.append(keys[channel * 16 + place % 16])
                value.append(values[channel])
            }
        }
        return (key, value)
    }
}

extension DecodePass {
    /// A pass of a model with room for some rows.
    static func make(_ model: LanguageModel, slots: Int, capacity: Int) throws -> DecodePass {
        let modelPass = try model.passForDecoding(length: capacity)
        guard let weights = DecodeWeights(model.transformer, modelPass) else {
            throw ComputeError(.invalidState, summary: "no head", detail: "", hint: "")
        }
        let memory = PageMemory(layout: CacheLayout(spec: model.spec, options: CacheOptions()))
        let cache = KeyValueCache(memory: memory, slots: slots, capacity: capacity, pages: .max)
        return try DecodePass(spec: model.spec, weights: weights, pool: model.pool, cache: cache)
    }
}
