extension ModelSpec {
    /// The model's tensors under their Hugging Face names, shapes and layouts.
    ///
    /// The spec's family must exist, as `validate` checks.
    package func parameterTable() -> ParameterTable {
        var table = ParameterTable()
        let names = tensorNames
        table.append(
            name: names.prefix + names.tokenEmbedding + ".weight", shape: [vocabularySize, width], isDecayed: true)
        if let position = names.positionEmbedding {
            table.append(name: names.prefix + position + ".weight", shape: [contextLength, width], isDecayed: true)
        }
        for layer in 0..<layers { appendBlock(layer, names, to: &table) }
        appendNorm(names.prefix + names.finalNorm, to: &table)
        switch head {
        case .value: table.append(name: TensorNames.score + ".weight", shape: [1, width], isDecayed: true)
        case .languageModel where headWeights == .separate:
            table.append(name: TensorNames.head + ".weight", shape: [vocabularySize, width], isDecayed: true)
        case .languageModel: break
        }
        return table
    }

    var tensorNames: TensorNames { knownFamily.tensors }

    /// The family of a validated spec.
    var knownFamily: any ModelFamily {
        guard let family = ModelFamilies.all.first(where: { $0.name == family }) else {
            preconditionFailure("The spec was not validated: it has no family '\(family)'.")
        }
        return family
    }

    private func appendBlock(_ layer: Int, _ names: TensorNames, to table: inout ParameterTable) {
        func name(_ module: String) -> String { names.name(module, layer: layer) }
        appendNorm(name(names.attentionNorm), to: &table)
        let sides =
            names.queryKeyValue.count == 1 ? [queryKeyValueWidth] : [attentionWidth, keyValueWidth, keyValueWidth]
        for (module, outputs) in zip(names.queryKeyValue, sides) {
            appendLinear(name(module), from: width, to: outputs, hasBias: biases != .none, names.layout, &table)
        }
        let hasBias = biases == .all
        appendLinear(name(names.projection), from: attentionWidth, to: width, hasBias: hasBias, names.layout, &table)
        appendNorm(name(names.mlpNorm), to: &table)
        for module in names.expansion {
            appendLinear(name(module), from: width, to: mlpWidth, hasBias: hasBias, names.layout, &table)
        }
        appendLinear(name(names.contraction), from: mlpWidth, to: width, hasBias: hasBias, names.layout, &table)
    }

    private func appendNorm(_ name: String, to table: inout ParameterTable) {
        table.append(name: "\(name).weight", shape: [width], isDecayed: false)
        if norm == .layerNorm { table.append(name: "\(name).bias", shape: [width], isDecayed: false) }
    }

    private func appendLinear(
        _ name: String, from inputs: Int, to outputs: Int, hasBias: Bool, _ layout: MatrixLayout,
        _ table: inout ParameterTable
    ) {
        let shape = layout == .inputsFirst ? [inputs, outputs] : [outputs, inputs]
        table.append(name: "\(name).weight", shape: shape, isDecayed: true)
        if hasBias { table.append(name: "\(name).bias", shape: [outputs], isDecayed: false) }
    }

    /// First weights as GPT-2's: normal with deviation 0.02, projections into the residual stream scaled down by the
    /// square root of their number, gains one, the rest zero. Overwrites `weights`.
    package func initialize(_ weights: Arena, table: ParameterTable, generator: inout SeededGenerator) {
        weights.clear()
        let names = tensorNames
        let residual = [names.projection, names.contraction].map { "." + $0 + ".weight" }
        for parameter in table.parameters {
            let range = parameter.range
            if parameter.isDecayed {
                let isResidual = residual.contains { parameter.name.hasSuffix($0) }
                let deviation = isResidual ? 0.02 / Float(2 * layers).squareRoot() : 0.02
                for index in range { weights.base[index] = deviation * generator.normal() }
            } else if parameter.name.hasSuffix(".weight") {
                for index in range { weights.base[index] = 1 }
            }
        }
    }
}
