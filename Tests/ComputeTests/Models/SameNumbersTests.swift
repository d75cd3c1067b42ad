import Testing

@testable import Compute

/// The same checkpoint gives the same numbers here and in `transformers`.
@Suite struct `Same numbers` {
    @Test func `every family is among the fixtures`() throws {
        let families = try ModelFixture.names.map { try ModelFixture($0).checkpoint.spec.family }
        #expect(Set(families) == Set(ModelFamilies.all.map(\.name)))
        #expect(ModelFixture.names.count == 13)
    }

    @Test(arguments: ModelFixture.names, runnableVariants)
    func `logits are within 2e-5`(name: String, variant: Int32) throws {
        try withVariant(variant) {
            let fixture = try ModelFixture(name)
            let logits = try fixture.model().logits(fixture.batch)
            let error = logits.distance(from: try fixture.values("outputs"))
            #expect(error < 2e-5)
        }
    }

    @Test(arguments: ModelFixture.names, [1, 2])
    func `loss and every gradient are within 1e-4`(name: String, threads: Int) throws {
        let fixture = try ModelFixture(name)
        guard fixture.hasTensors("gradient.") else { return }
        let model = try fixture.model(threads: threads)
        let gradients = try Arena(count: model.table.count)
        let outputs = try model.forward(fixture.batch)
        try model.backward(coefficients: fixture.coefficients(outputs), into: gradients)
        #expect(abs(fixture.loss(outputs) - fixture.expected.loss) < 2e-5)
        for parameter in model.table.parameters {
            let expected = try fixture.values("gradient." + parameter.name)
            let largest = expected.map(\.magnitude).max() ?? 0
            let error = Array(gradients.floats[parameter.range]).distance(from: expected)
            #expect(error < 1e-4 * largest, "\(parameter.name): \(error / largest)")
        }
    }

    @Test(arguments: ["gpt2", "llama", "qwen2", "llama-reward"], [1, 2])
    func `six AdamW steps are within 5e-4`(name: String, threads: Int) throws {
        let fixture = try ModelFixture(name)
        let adamw = try #require(fixture.expected.adamw)
        let engine = try TrainEngine(
            model: try fixture.model(threads: threads),
            options: OptimizerOptions(
                learningRate: adamw.learningRate, beta1: adamw.beta1, beta2: adamw.beta2, epsilon: adamw.epsilon,
                weightDecay: adamw.weightDecay, clipNorm: adamw.clipNorm))
        var losses: [Double] = []
        for _ in 0..<6 {
            _ = try engine.trainBatch([fixture.batch]) { _, outputs in
                losses.append(fixture.loss(outputs))
                return fixture.coefficients(outputs)
            }
        }
        let expected = try #require(fixture.expected.losses)
        #expect(zip(losses, expected).allSatisfy { abs($0 - $1) < 5e-4 }, "\(losses)")
        for parameter in engine.model.table.parameters {
            let weights = Array(engine.model.weights.floats[parameter.range])
            let error = weights.distance(from: try fixture.values("updated." + parameter.name))
            #expect(error < 5e-4, "\(parameter.name): \(error)")
        }
    }

    @Test(arguments: ModelFixture.names)
    func `greedy tokens of the training forward are identical`(name: String) throws {
        let fixture = try ModelFixture(name)
        guard let prompt = fixture.expected.prompt, let expected = fixture.expected.greedy else { return }
        let model = try fixture.model()
        var tokens = prompt
        for _ in expected {
            let logits = try model.logits(PackedBatch(sequences: [tokens])).suffix(model.spec.vocabularySize)
            let best = try #require(logits.indices.max { logits[$0] < logits[$1] })
            tokens.append(Int32(best - logits.startIndex))
        }
        #expect(Array(tokens.dropFirst(prompt.count)) == expected)
    }

    @Test(arguments: ModelFixture.names, [1, 2])
    func `generation writes the same greedy tokens`(name: String, threads: Int) throws {
        let fixture = try ModelFixture(name)
        guard let prompt = fixture.expected.prompt, let expected = fixture.expected.greedy else {
            // A reward model writes nothing; every other fixture must have tokens.
            #expect(fixture.checkpoint.spec.head == .value)
            return
        }
        #expect(expected.count == (name == "llama-dynamic" ? 7 : 20))
        // The second prompt ends inside the first one's answer: what it continues was not written step by step.
        let answers = try Generator(model: fixture.model(threads: threads)).generate(
            prompts: [prompt, prompt + expected.prefix(4)],
            options: GenerationOptions(maxNewTokens: expected.count, sampling: .greedy),
            limits: [expected.count, expected.count - 4], seed: 1)
        #expect(answers.map(\.tokens) == [expected, Array(expected.dropFirst(4))])
    }

    @Test(arguments: runnableVariants)
    func `generation writes the same greedy tokens with every kernel variant`(variant: Int32) throws {
        try withVariant(variant) {
            for name in ["gpt2", "llama", "qwen2"] {
                let fixture = try ModelFixture(name)
                let answers = try Generator(model: fixture.model()).generate(
                    prompts: [try #require(fixture.expected.prompt)],
                    options: GenerationOptions(maxNewTokens: 20, sampling: .greedy), seed: 1)
                #expect(answers.map(\.tokens) == [fixture.expected.greedy], "\(name)")
            }
        }
    }

    @Test(arguments: ModelFixture.names)
    func `what is saved and read again gives the same logits to the bit`(name: String) throws {
        let fixture = try ModelFixture(name)
        let model = try fixture.model()
        let before = try model.logits(fixture.batch)
        let scratch = try ScratchFolder()
        let path = scratch.path + "/saved"
        try model.export(to: path, format: .init(largestShard: 8 << 10))
        let checkpoint = try Checkpoint.openExternal(path)
        #expect(checkpoint.spec == model.spec)
        let again = try LanguageModel(spec: checkpoint.spec, seed: 1, pool: model.pool)
        try again.loadWeights(from: checkpoint)
        #expect(try again.logits(fixture.batch) == before)
    }

    @Test func `a checkpoint of a trial keeps a model of every family`() throws {
        for name in ModelFixture.names {
            let model = try ModelFixture(name).model()
            let scratch = try ScratchFolder()
            let folder = CheckpointFolder(path: scratch.path)
            let checkpoint = try Checkpoint.open(
                model.save(to: folder, state: CheckpointState(step: 3), tokenizer: nil))
            #expect(checkpoint.spec == model.spec)
            let again = try LanguageModel(spec: checkpoint.spec, seed: 1, pool: model.pool)
            try again.loadWeights(from: checkpoint)
            #expect(Array(again.weights.floats) == Array(model.weights.floats), "\(name)")
        }
    }
}
