import Compute
import Foundation
import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct `A model on a worker` {
    private let tokenizer = CharacterTokenizer(covering: ["0123456789+="])
    private let context = CallContext(step: 3, seed: 1)

    private func model(
        optimizer: OptimizerOptions? = OptimizerOptions(learningRate: 1e-2), policy: NonFinitePolicy = .stop
    ) throws -> WorkerModel {
        var optimizer = optimizer
        optimizer?.nonFinitePolicy = policy
        return try WorkerModel(
            ModelName(.actor),
            spec: .gpt2(vocabularySize: tokenizer.vocabularySize, contextLength: 8, width: 8, layers: 1, heads: 1),
            optimizer: optimizer, tokenizer: tokenizer, seed: 5, pool: ThreadPool(threads: 1))
    }

    private static func loss(_ coefficients: [Float]) -> MicroBatchLoss {
        MicroBatchLoss(loss: 0, weight: Double(coefficients.count), coefficients: coefficients)
    }

    @Test func `sequences that a loss does not count cannot be trained on`() throws {
        let model = try model()
        #expect(throws: ComputeError.self) {
            try model.train([[1, 2], [3, 4]], weights: [0, 0], context) { _, _ in Self.loss([0, 0]) }
        }
        #expect(model.weightVersion == 0)
    }

    @Test func `an update reports the loss it followed, weighted as it was told`() throws {
        let context = CallContext(step: 1, seed: 1, microBatches: MicroBatchSpec(minimumCount: 2))
        func loss(_ mean: GradientAccumulation.Mean) throws -> Double {
            try model().train([[1, 2], [3, 4, 5, 6]], weights: [1, 3], context, mean: mean) { indices, _ in
                MicroBatchLoss(
                    loss: indices == [0] ? 10 : 2, weight: 1, coefficients: indices == [0] ? [0] : [0, 0, 0])
            }.loss
        }
        #expect(try loss(.tokenWeighted) == 4)
        #expect(try loss(.microBatches) == 6)
    }

    @Test func `gradients that are no numbers stop the trial and leave the weights as they were`() throws {
        let model = try model(), before = try model.score([[1, 2, 3]], context)
        let error = #expect(throws: WorkerError.self) {
            try model.train([[1, 2, 3]], weights: [2], context) { _, outputs in
                try SupervisedLoss.evaluate(outputs.logProbabilities[0].map { $0 - .infinity }, mask: [false, true])
            }
        }
        #expect(error?.detail.hasPrefix("the supervised loss of element 1 of a micro-batch is nan") == true)
        #expect(error?.summary == "the gradients of model 'actor' are not finite at step 3")
        #expect(
            error?.hint == "lower the learning rate; a resume goes on from the newest checkpoint, where one was saved")
        #expect(try model.score([[1, 2, 3]], context) == before)
        #expect(model.weightVersion == 0)
        #expect(model.takeRemarks() == [])
    }

    @Test func `an update that is left out is told once, and training goes on`() throws {
        let model = try model(policy: .skip(consecutiveLimit: 2)), before = try model.score([[1, 2, 3]], context)
        func update(_ shift: Float) throws -> ModelUpdate {
            try model.train([[1, 2, 3]], weights: [2], context) { _, outputs in
                try SupervisedLoss.evaluate(outputs.logProbabilities[0].map { $0 + shift }, mask: [false, true])
            }
        }
        let skipped = try update(-.infinity)
        #expect(skipped.loss.isNaN && skipped.gradientNorm == 0)
        #expect(model.weightVersion == 0)
        #expect(try model.score([[1, 2, 3]], context) == before)
        let remarks = model.takeRemarks()
        #expect(remarks.count == 1)
        #expect(
            remarks[0].hasPrefix("an update of step 3 was left out: its loss is not finite (the supervised loss of"))
        #expect(model.takeRemarks() == [])
        #expect(try update(0).gradientNorm > 0)
        #expect(model.weightVersion == 1)
        _ = try update(-.infinity)
        #expect(throws: WorkerError.self) { try update(-.infinity) }
    }

    @Test func `a loss scale that was too high costs an update, not the trial`() throws {
        var options = OptimizerOptions(learningRate: 1e-2)
        options.lossScaling = LossScalerOptions(initialScale: 0x1p40, backoff: .consecutive(1), maximumScale: 0x1p40)
        let model = try WorkerModel(
            ModelName(.actor), spec: .gpt2(vocabularySize: 8, contextLength: 8, width: 16, layers: 1, heads: 2),
            optimizer: options, tokenizer: CharacterTokenizer(covering: ["123"]), seed: 1,
            pool: ThreadPool(threads: 1), options: ModelOptions(precision: Precision(.float16)))
        #expect(model.note?.contains("emulated") == true)
        let update = try model.train([[1, 2, 3]], weights: [2], context) { _, outputs in
            try SupervisedLoss.evaluate(Array(outputs.logProbabilities[0]), mask: [false, true])
        }
        #expect(update.gradientNorm == 0)
    }

    @Test func `without an optimizer it scores and does not train`() throws {
        let model = try model(optimizer: nil)
        #expect(try model.score([[1, 2, 3]], context)[0].count == 2)
        #expect(throws: WorkerError(.plan, "model 'actor' has no optimizer, so it cannot train")) {
            try model.train([[1, 2]], weights: [1], context) { _, _ in Self.loss([0]) }
        }
    }

    @Test func `a rule neither scores, nor answers, nor is saved`() throws {
        let rule = WorkerModel(rule: ModelName(.reward), tokenizer: tokenizer), folder = TemporaryFolder()
        let expected = WorkerError(.plan, "model 'reward' has no parameters, so it cannot compute")
        #expect(throws: expected) { try rule.score([[1, 2]], context) }
        #expect(throws: expected) { try rule.save(to: folder.path, step: 1) }
        #expect(throws: expected) {
            try rule.generate([[1]], GenerationOptions(maxNewTokens: 1, sampling: .greedy, stopTokens: []), context)
        }
    }

    @Test func `one without an optimizer is saved and loaded again, and cannot be trained on from`() throws {
        let folder = TemporaryFolder(), model = try model(optimizer: nil)
        let path = try model.save(to: folder.path, step: 12)
        #expect(path == folder.file("step-12"))
        let other = try self.model()
        try other.loadWeights(from: path, layout: .trial)
        #expect(try other.score([[4, 5, 6]], context) == model.score([[4, 5, 6]], context))
        #expect(throws: (any Error).self) { try other.recover(from: path) }
    }

    @Test func `the layout of elsewhere needs no manifest`() throws {
        let folder = TemporaryFolder(), model = try model()
        let path = try model.save(to: folder.path, step: 1)
        try FileManager.default.removeItem(atPath: "\(path)/manifest.json")
        let other = try self.model()
        #expect(throws: ComputeError.self) { try other.loadWeights(from: path, layout: .trial) }
        try other.loadWeights(from: path, layout: .external)
        #expect(try other.score([[4, 5, 6]], context) == model.score([[4, 5, 6]], context))
    }

    @Test func `what a folder lacks or has too much of is told`() throws {
        let folder = TemporaryFolder(), model = try model()
        let path = try model.save(to: folder.path, step: 1)
        try model.loadWeights(from: path, layout: .trial)
        #expect(model.takeRemarks() == [])
        var spec = ModelSpec.llama(
            vocabularySize: 13, contextLength: 8, width: 8, layers: 1, heads: 2, keyValueHeads: 1, mlpWidth: 8)
        func made(_ spec: ModelSpec, _ role: ModelRole) throws -> WorkerModel {
            try WorkerModel(
                ModelName(role), spec: spec, optimizer: nil, tokenizer: tokenizer, seed: 1, pool: ThreadPool(threads: 1)
            )
        }
        let llama = try made(spec, .actor).save(to: folder.file("llama"), step: 1)
        spec.head = .value
        let critic = try made(spec, ModelRole("critic"))
        try critic.loadWeights(from: llama, layout: .external)
        #expect(
            critic.takeRemarks() == [
                "score.weight is not in \(llama): random first values are kept",
                "lm_head.weight is not used: the model has no place for that of \(llama)",
            ])
        #expect(critic.takeRemarks() == [])
    }

    @Test func `the weight version counts updates, whatever their steps, and comes back with the checkpoint`() throws {
        let folder = TemporaryFolder(), model = try model()
        for step: UInt64 in [4, 9] {
            let context = CallContext(step: step, seed: 1)
            _ = try model.train([[1, 2]], weights: [1], context) { _, _ in Self.loss([0.1]) }
        }
        let path = try model.save(to: folder.path, step: 30), other = try self.model()
        try other.recover(from: path)
        #expect(other.weightVersion == 2)
    }

    @Test(arguments: UInt64(1)...10) func `scores do not depend on how a batch is cut`(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let model = try model()
        let sequences = (0..<7).map { _ in
            (0..<Int.random(in: 1...8, using: &generator)).map { _ in Int32.random(in: 0...12, using: &generator) }
        }
        let whole = try model.score(sequences, context)
        #expect(whole.map(\.count) == sequences.map { $0.count - 1 })
        for spec in [MicroBatchSpec(minimumCount: 7), MicroBatchSpec(minimumCount: 2, maximumTokens: 9)] {
            let cut = try model.score(sequences, CallContext(step: 1, seed: 1, microBatches: spec))
            for (one, other) in zip(whole.joined(), cut.joined()) { #expect(abs(one - other) < 1e-5) }
        }
    }
}

@Suite struct `What a plan asks of the model factory` {
    private func reply(
        _ change: (inout ModelPlan) -> Void, updates: Int = 0, weights: Initialization.Weights = .random
    ) throws -> String {
        let fixture = try ExecutorFixture()
        var plan = fixture.plan.setups[0].models[0]
        change(&plan)
        let factory = ModelFactory(
            seed: 1, vocabulary: TrialVocabulary(tokenizer: CharacterTokenizer(covering: ["1"]), origin: "a test"),
            pool: try ThreadPool(threads: 1))
        do {
            _ = try factory.model(plan, Initialization(totalUpdates: updates, weights: weights))
            return ""
        } catch {
            return describe(error)
        }
    }

    private func transformer(_ family: String, heads: Int = 2) -> ModelPlan.Module {
        .transformer(
            TransformerPlan(
                family: family, contextLength: 8, width: 8, layers: 1, heads: heads, initialization: .random))
    }

    @Test(arguments: [("gpt", " Did you mean 'gpt2'?"), ("GPT-2", " Did you mean 'gpt2'?"), ("mamba", "")])
    func `an unknown family is refused with a suggestion`(family: String, suggestion: String) throws {
        let found = try reply { $0.module = transformer(family) }
        #expect(found.contains("Unknown model family '\(family)'."))
        #expect(found.contains("Families: gpt2, llama, qwen2.\(suggestion)"))
        #expect(try reply { $0.module = transformer("qwen2") } == "")
    }

    @Test func `heads that do not divide the width are refused`() throws {
        #expect(try !reply { $0.module = transformer("gpt2", heads: 3) }.isEmpty)
    }

    @Test(arguments: ["constant", "linear", "cosine", "multistep"])
    func `every schedule can be asked for`(schedule: String) throws {
        for warmup in [("warmup_steps", 2), ("warmup_steps_proportion", 0.1)] as [(String, SettingValue)] {
            let optimizer: GivenArguments = [
                "lr": 1e-3, "schedule": .text(schedule), "milestones": "2,4", warmup.0: warmup.1,
            ]
            #expect(try reply({ $0.optimizer = optimizer }, updates: 10) == "")
            #expect(try reply({ $0.optimizer = optimizer }, updates: .max) == "")
        }
    }

    @Test(arguments: ["adamw", "adam", "sgd"], PrecisionMode.allCases)
    func `every optimizer and precision can be asked for`(rule: String, precision: PrecisionMode) throws {
        let optimizer: GivenArguments = ["lr": 1e-3, "clip_norm": 0, "optimizer": .text(rule), "nesterov": true]
        let options: GivenArguments = ["precision": .text(precision.rawValue), "recompute": "blocks"]
        let change: (inout ModelPlan) -> Void = { ($0.optimizer, $0.options) = (optimizer, options) }
        #expect(try reply(change, updates: 10) == "")
    }

    /// The spec that a factory makes of a plan.
    private func spec(_ transformer: TransformerPlan, characters: String = "1") throws -> ModelSpec? {
        let factory = ModelFactory(
            seed: 1,
            vocabulary: TrialVocabulary(tokenizer: CharacterTokenizer(covering: [characters]), origin: "a test"),
            pool: try ThreadPool(threads: 1))
        return try factory.spec(
            of: ModelPlan(
                shard: ModelShardID(ModelName(.actor)), worker: 0, module: .transformer(transformer)))
    }

    @Test func `dropout is that of the family`() throws {
        func dropout(_ family: String, _ rate: Double) throws -> ModelSpec.Dropout? {
            try spec(
                TransformerPlan(
                    family: family, contextLength: 8, width: 8, layers: 1, heads: 2, dropout: rate,
                    initialization: .random))?.dropout
        }
        #expect(try dropout("gpt2", 0) == ModelSpec.Dropout.none)
        #expect(try dropout("gpt2", 0.5) == ModelSpec.Dropout(embedding: 0.5, attention: 0.5, residual: 0.5))
        #expect(try dropout("llama", 0.5) == ModelSpec.Dropout(attention: 0.5))
    }

    @Test func `a folder's model meets the trial's tokenizer before it is made`() throws {
        let folder = TemporaryFolder(), tokenizer = CharacterTokenizer(covering: ["123"])
        let model = try WorkerModel(
            ModelName(.actor), spec: .gpt2(vocabularySize: 4, contextLength: 8, width: 8, layers: 1, heads: 1),
            optimizer: nil, tokenizer: tokenizer, seed: 1, pool: ThreadPool(threads: 1))
        let path = try model.save(to: folder.path, step: 1)
        let plan = TransformerPlan(shape: .folder(path), initialization: .folder(path))
        #expect(try spec(plan, characters: "123")?.vocabularySize == 4)
        let error = #expect(throws: WorkerError.self) { try spec(plan, characters: "1234") }
        #expect(error?.summary == "the tokenizer has 5 tokens, the model in \(path) only 4")
        let size = try ModelFactory.size(ofFolder: path)
        #expect(size.contextLength == 8)
        #expect(size.parameters == 4 * 8 + 8 * 8 + 12 * 8 * 8 + 13 * 8 + 2 * 8)
    }

    @Test func `a model that starts from a role has that role's random weights until there are others`() throws {
        func score(_ name: ModelRole, _ initialization: TransformerPlan.Initialization) throws -> [[Float]] {
            let factory = ModelFactory(
                seed: 1,
                vocabulary: TrialVocabulary(tokenizer: CharacterTokenizer(covering: ["123"]), origin: "a test"),
                pool: try ThreadPool(threads: 1))
            let plan = ModelPlan(
                shard: ModelShardID(ModelName(name)), worker: 0,
                module: .transformer(
                    TransformerPlan(
                        family: "gpt2", contextLength: 8, width: 8, layers: 1, heads: 2, initialization: initialization)
                ))
            let model = try factory.model(plan, Initialization())
            return try model.score([[1, 2, 3]], CallContext(step: 1, seed: 1))
        }
        let actor = try score(.actor, .random)
        #expect(try score(.reference, .role(.actor)) == actor)
        #expect(try score(.reference, .random) != actor)
    }

    @Test(arguments: ["bf16", "fp16", "bf16-storage"])
    func `a model that does not train runs in its precision, as the one it is compared with`(precision: String) throws {
        func score(_ precision: String, optimizer: GivenArguments?) throws -> [[Float]] {
            let factory = ModelFactory(
                seed: 1,
                vocabulary: TrialVocabulary(tokenizer: CharacterTokenizer(covering: ["123"]), origin: "a test"),
                pool: try ThreadPool(threads: 1))
            let plan = ModelPlan(
                shard: ModelShardID(ModelName(.actor)), worker: 0, module: transformer("gpt2"),
                options: ["precision": .text(precision)], optimizer: optimizer)
            let model = try factory.model(plan, Initialization())
            return try model.score([[1, 2, 3, 1, 2]], CallContext(step: 1, seed: 1))
        }
        let actor = try score(precision, optimizer: ["lr": 1e-3])
        #expect(try score(precision, optimizer: nil) == actor)
        #expect(try score("f32", optimizer: nil) != actor)
    }

    @Test func `a folder that is not there is an error with its path`() throws {
        let found = try reply(
            { plan in
                plan.module = .transformer(
                    TransformerPlan(
                        family: "gpt2", contextLength: 8, width: 8, layers: 1, heads: 2,
                        initialization: .folder("/none")))
            }, weights: .loaded(from: "/none"))
        #expect(found.contains("/none is no model's folder: there is no such folder"))
    }
}
