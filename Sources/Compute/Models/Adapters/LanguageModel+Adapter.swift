extension LanguageModel {
    /// The same model without an adapter: its weights are W + scale * B A. This one stays as it is.
    /// - Throws: `.outOfResources`.
    package func mergingAdapter() throws(ComputeError) -> LanguageModel {
        var plain = options
        plain.adapter = nil
        let merged = try LanguageModel(spec: spec, seed: 0, pool: pool, options: plain)
        merged.replaceWeights(by: try mergedWeights(laidOutBy: merged.table))
        merged.configuration = configuration
        return merged
    }

    /// W + scale * B A in an arena of the tensors of a model without an adapter.
    func mergedWeights(laidOutBy base: ParameterTable) throws(ComputeError) -> Arena {
        let merged = try Arena(count: base.count)
        // The adapter's matrices lie behind the base model's, which both tables therefore lay out alike.
        merged.base.update(from: weights.base, count: base.count)
        for (down, up) in table.adapterPairs() {
            let module = down.name.dropFirst(AdapterOptions.prefix.count).dropLast(".lora_A.weight".count)
            guard let weight = base["\(module).weight"] else { continue }
            add(down, up, to: weight, of: merged)
        }
        return merged
    }

    private func add(_ down: Parameter, _ up: Parameter, to weight: Parameter, of target: Arena) {
        var layout = PackedLayout(weights: 0)
        let adapter = LowRankAdapter(down: down, up: up, scale: options.adapter?.scale ?? 1, packed: &layout)
        let isInputsFirst = spec.tensorNames.layout == .inputsFirst
        let sum = isInputsFirst ? adapter.forwardSum(weights.base) : adapter.backwardSum(weights.base)
        let (rows, columns) = (weight.shape[0], weight.shape[1])
        withUnsafeTemporaryAllocation(of: Float.self, capacity: weight.count) { memory in
            guard let result = memory.baseAddress else { return }
            sum.add(
                to: weights.base + weight.offset, row: columns, column: 1, rows: rows, columns: columns, first: 0,
                giving: result)
            (target.base + weight.offset).update(from: result, count: weight.count)
        }
    }
}
