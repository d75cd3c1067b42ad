extension ModelSpec {
    /// The model's tensors under their Hugging Face GPT-2 names and shapes.
    package func parameterTable() -> ParameterTable {
        var table = ParameterTable()
        table.append(name: "transformer.wte.weight", shape: [vocabularySize, width], isDecayed: true)
        table.append(name: "transformer.wpe.weight", shape: [contextLength, width], isDecayed: true)
        for layer in 0..<layers {
            let block = "transformer.h.\(layer)"
            table.appendNorm("\(block).ln_1", width: width)
            table.appendLinear("\(block).attn.c_attn", from: width, to: 3 * width)
            table.appendLinear("\(block).attn.c_proj", from: width, to: width)
            table.appendNorm("\(block).ln_2", width: width)
            table.appendLinear("\(block).mlp.c_fc", from: width, to: mlpWidth)
            table.appendLinear("\(block).mlp.c_proj", from: mlpWidth, to: width)
        }
        table.appendNorm("transformer.ln_f", width: width)
        return table
    }

    /// GPT-2's first weights: normal with deviation 0.02, residual projections scaled down by the square root of their
    /// number, gains one, the rest zero. Overwrites `weights`.
    package func initialize(_ weights: Arena, table: ParameterTable, generator: inout SeededGenerator) {
        weights.clear()
        for parameter in table.parameters {
            let range = parameter.range
            if parameter.isDecayed {
                let isResidual = parameter.name.hasSuffix("c_proj.weight")
                let deviation = isResidual ? 0.02 / Float(2 * layers).squareRoot() : 0.02
                for index in range { weights.base[index] = deviation * generator.normal() }
            } else if parameter.name.hasSuffix(".weight") {
                for index in range { weights.base[index] = 1 }
            }
        }
    }
}

extension ParameterTable {
    fileprivate mutating func appendNorm(_ name: String, width: Int) {
        append(name: "\(name).weight", shape: [width], isDecayed: false)
        append(name: "\(name).bias", shape: [width], isDecayed: false)
    }

    fileprivate mutating func appendLinear(_ name: String, from input: Int, to output: Int) {
        append(name: "\(name).weight", shape: [input, output], isDecayed: true)
        append(name: "\(name).bias", shape: [output], isDecayed: false)
    }
}
