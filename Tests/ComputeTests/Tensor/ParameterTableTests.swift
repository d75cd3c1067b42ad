import Testing

@testable import Compute

@Suite struct ParameterTableTests {
    @Test func `tensors follow each other on 64-byte boundaries`() {
        var table = ParameterTable()
        table.append(name: "a", shape: [3, 5], isDecayed: true)
        table.append(name: "b", shape: [17], isDecayed: false)
        table.append(name: "c", shape: [1], isDecayed: false)
        #expect(table.parameters.map(\.offset) == [0, 16, 48])
        #expect(table.parameters.map(\.range) == [0..<15, 16..<33, 48..<49])
        #expect(table.count == 64)
        #expect(table["b"]?.offset == 16)
        #expect(table["d"] == nil)
    }

    @Test func `a GPT-2 model has Hugging Face's names and shapes`() {
        let spec = ModelSpec.gpt2(vocabularySize: 10, contextLength: 6, width: 8, layers: 1, heads: 2)
        let table = spec.parameterTable()
        #expect(
            table.parameters.map { "\($0.name) \($0.shape)" } == [
                "transformer.wte.weight [10, 8]",
                "transformer.wpe.weight [6, 8]",
                "transformer.h.0.ln_1.weight [8]",
                "transformer.h.0.ln_1.bias [8]",
                "transformer.h.0.attn.c_attn.weight [8, 24]",
                "transformer.h.0.attn.c_attn.bias [24]",
                "transformer.h.0.attn.c_proj.weight [8, 8]",
                "transformer.h.0.attn.c_proj.bias [8]",
                "transformer.h.0.ln_2.weight [8]",
                "transformer.h.0.ln_2.bias [8]",
                "transformer.h.0.mlp.c_fc.weight [8, 32]",
                "transformer.h.0.mlp.c_fc.bias [32]",
                "transformer.h.0.mlp.c_proj.weight [32, 8]",
                "transformer.h.0.mlp.c_proj.bias [8]",
                "transformer.ln_f.weight [8]",
                "transformer.ln_f.bias [8]",
            ])
    }

    @Test func `only matrices are decayed`() {
        let table = ModelSpec.gpt2(vocabularySize: 10, contextLength: 6, width: 8, layers: 2, heads: 2).parameterTable()
        #expect(table.parameters.allSatisfy { $0.isDecayed == ($0.shape.count == 2) })
    }

    @Test func `first weights have GPT-2's deviations`() throws {
        let spec = ModelSpec.gpt2(vocabularySize: 200, contextLength: 6, width: 64, layers: 2, heads: 2)
        let table = spec.parameterTable()
        let weights = try Arena(count: table.count)
        var generator = SeededGenerator(seed: 3)
        spec.initialize(weights, table: table, generator: &generator)
        #expect(try deviation(table, weights, "transformer.wte.weight", within: 0.019...0.021))
        #expect(try deviation(table, weights, "transformer.h.1.mlp.c_proj.weight", within: 0.0095...0.0105))
        let gain = try #require(table["transformer.ln_f.weight"])
        #expect(weights.floats[gain.range].allSatisfy { $0 == 1 })
        let bias = try #require(table["transformer.h.0.mlp.c_fc.bias"])
        #expect(weights.floats[bias.range].allSatisfy { $0 == 0 })
    }

    private func deviation(
        _ table: ParameterTable, _ weights: Arena, _ name: String, within range: ClosedRange<Float>
    ) throws -> Bool {
        let parameter = try #require(table[name])
        let squares = weights.floats[parameter.range].reduce(0) { $0 + $1 * $1 }
        return range.contains((squares / Float(parameter.count)).squareRoot())
    }
}
