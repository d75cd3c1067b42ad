import Testing

@testable import Compute

/// Small models of every family and option, with weights large enough that nothing is flat.
enum FamilySample: String, CaseIterable, Sendable {
    case gpt2, llama, groupedLlama, wideHeads, qwen2, yarn, dynamic, critic, gpt2Critic, dropout, groupedDropout

    var spec: ModelSpec {
        let rotary = RotaryPosition(base: 100)
        func llama(heads: Int = 4, keyValueHeads: Int = 4, rotary: RotaryPosition = rotary) -> ModelSpec {
            .llama(
                vocabularySize: 11, contextLength: 16, width: 16, layers: 2, heads: heads,
                keyValueHeads: keyValueHeads, mlpWidth: 20, rotary: rotary)
        }
        let gpt2 = ModelSpec.gpt2(vocabularySize: 11, contextLength: 16, width: 16, layers: 2, heads: 4)
        switch self {
        case .gpt2: return gpt2
        case .llama: return llama()
        case .groupedLlama: return llama(keyValueHeads: 2)
        case .wideHeads:
            var spec = llama(heads: 3, keyValueHeads: 1)
            spec.headWidth = 8
            return spec
        case .qwen2:
            return .qwen2(
                vocabularySize: 11, contextLength: 16, width: 16, layers: 2, heads: 4, keyValueHeads: 2, mlpWidth: 20)
        case .yarn:
            return llama(rotary: RotaryPosition(base: 100, scaling: .yarn(.init(factor: 4, originalContext: 4))))
        case .dynamic:
            return llama(rotary: RotaryPosition(base: 100, scaling: .dynamic(factor: 2, originalContext: 4)))
        case .critic:
            var spec = llama(keyValueHeads: 2)
            spec.head = .value
            return spec
        case .gpt2Critic:
            var spec = gpt2
            spec.head = .value
            return spec
        case .dropout:
            var spec = gpt2
            spec.dropout = .init(embedding: 0.2, attention: 0.25, residual: 0.3)
            return spec
        case .groupedDropout:
            var spec = llama(keyValueHeads: 2)
            spec.dropout.attention = 0.4
            return spec
        }
    }

    func model(threads: Int = 1) throws -> LanguageModel {
        let model = try LanguageModel(spec: spec, seed: 3, pool: try ThreadPool(threads: threads))
        var generator = SeededGenerator(seed: 4)
        model.changeWeights { weights in
            for parameter in model.table.parameters {
                let isGain = !parameter.isDecayed && parameter.name.hasSuffix("weight")
                for index in parameter.range { weights.base[index] = (isGain ? 1 : 0) + 0.25 * generator.normal() }
            }
        }
        return model
    }
}

@Suite struct ModelFamilyGradientTests {
    private let batch = PackedBatch(sequences: [[1, 2, 3, 4, 10, 6, 0], [8], [0, 7, 0, 7, 5], [5, 5]])

    private func loss(_ model: LanguageModel, _ options: ForwardOptions, _ coefficients: [Float]) throws -> Double {
        let outputs = try model.score(batch, options)
        let terms = outputs.values.isEmpty ? outputs.logProbabilities.map { -$0 } : outputs.values
        return zip(coefficients, terms).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    @Test(arguments: FamilySample.allCases)
    func `every tensor's gradient agrees with finite differences`(sample: FamilySample) throws {
        let model = try sample.model()
        let options = ForwardOptions(temperature: 0.7, dropoutSeed: 99)
        let coefficients = randomFloats(batch.tokens.count, seed: 4, scale: 0.3)
        let gradients = try Arena(count: model.table.count)
        _ = try model.forward(batch, options)
        try model.backward(coefficients: coefficients, into: gradients)
        var generator = SeededGenerator(seed: 5)
        for parameter in model.table.parameters {
            for _ in 0..<3 {
                let element = parameter.offset + Int.random(in: 0..<parameter.count, using: &generator)
                let before = model.weights.base[element]
                let losses = try [before + 0.002, before - 0.002].map { weight in
                    model.changeWeights { $0.base[element] = weight }
                    return try loss(model, options, coefficients)
                }
                model.changeWeights { $0.base[element] = before }
                let slope = (losses[0] - losses[1]) / 0.004
                let difference = abs(Double(gradients.base[element]) - slope)
                #expect(difference < 4e-3 + 1e-2 * abs(slope), "\(parameter.name)[\(element - parameter.offset)]")
            }
        }
    }

    @Test(arguments: FamilySample.allCases)
    func `outputs and gradients do not depend on the threads`(sample: FamilySample) throws {
        let options = ForwardOptions(dropoutSeed: 7)
        let coefficients = randomFloats(batch.tokens.count, seed: 4)
        let results = try [1, 3].map { threads in
            let model = try sample.model(threads: threads)
            let gradients = try Arena(count: model.table.count)
            let outputs = try model.forward(batch, options)
            try model.backward(coefficients: coefficients, into: gradients)
            return (outputs, gradients.array.map(\.bitPattern))
        }
        #expect(results[0] == results[1])
    }

    @Test(arguments: FamilySample.allCases)
    func `a sequence's outputs do not depend on its neighbours`(sample: FamilySample) throws {
        let model = try sample.model()
        let whole = try model.score(batch)
        let alone = try model.score(PackedBatch(sequences: [[0, 7, 0, 7, 5]]))
        let range = batch.range(ofSequence: 2)
        #expect(Array(whole.logProbabilities.isEmpty ? [] : whole.logProbabilities[range]) == alone.logProbabilities)
        #expect(Array(whole.values.isEmpty ? [] : whole.values[range]) == alone.values)
    }

    @Test func `log-probabilities are those of the logits over the temperature`() throws {
        let model = try FamilySample.qwen2.model()
        let options = ForwardOptions(temperature: 2)
        let plain = try model.logits(batch), warm = try model.logits(batch, options)
        #expect(zip(plain, warm).allSatisfy { abs($0 / 2 - $1) < 1e-6 })
        let outputs = try model.score(batch, options)
        for row in batch.tokens.indices where batch.targets[row] >= 0 {
            let logits = warm[row * 11..<(row + 1) * 11].map(Double.init)
            let expected = ReferenceModel.logProbabilities(logits)[Int(batch.targets[row])]
            #expect(abs(Double(outputs.logProbabilities[row]) - expected) < 1e-5)
        }
    }

    @Test(arguments: [0, -1, .nan, .infinity, 1e-45] as [Float])
    func `a temperature that cannot divide is refused`(temperature: Float) throws {
        let model = try FamilySample.gpt2.model()
        let error = #expect(throws: ComputeError.self) {
            try model.score(batch, ForwardOptions(temperature: temperature))
        }
        #expect(error?.summary == "A forward pass cannot divide logits by \(temperature).")
    }

    @Test func `a change of the weights is seen by the next pass`() throws {
        let model = try FamilySample.llama.model()
        let before = try model.score(batch)
        #expect(try model.score(batch) == before)
        let head = try #require(model.table["lm_head.weight"])
        model.changeWeights { $0.base[head.offset] += 1 }
        #expect(try model.score(batch) != before)
    }

    @Test func `parameters that are not trained get no gradient`() throws {
        let spec = FamilySample.qwen2.spec
        var frozen = ParameterTable()
        for parameter in spec.parameterTable().parameters {
            frozen.append(
                name: parameter.name, shape: parameter.shape, isDecayed: parameter.isDecayed,
                isTrained: parameter.name.contains("mlp"))
        }
        let model = try LanguageModel(spec: spec, table: frozen, seed: 3, pool: try ThreadPool(threads: 2))
        let gradients = try Arena(count: frozen.count)
        _ = try model.forward(batch)
        try model.backward(coefficients: randomFloats(batch.tokens.count, seed: 4), into: gradients)
        for parameter in frozen.parameters {
            #expect(gradients.array[parameter.range].contains { $0 != 0 } == parameter.isTrained, "\(parameter.name)")
        }
    }
}
