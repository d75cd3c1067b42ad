import Foundation
import Testing

@testable import Compute

/// The fixture is made by `Fixtures/make_gpt2_fixture.py`.
@Suite struct PyTorchFixtureTests {
    private let fixture: Fixture

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/gpt2_fixture.json")
        fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
    }

    @Test func `names and shapes are Hugging Face's`() {
        let table = fixture.modelSpec.parameterTable()
        let shapes = Dictionary(uniqueKeysWithValues: table.parameters.map { ($0.name, $0.shape) })
        #expect(shapes == fixture.shapes)
    }

    @Test(arguments: runnableVariants)
    func `log-probabilities of the whole vocabulary match`(variant: Int32) throws {
        try withVariant(variant) {
            let model = try fixture.makeModel()
            var batch = PackedBatch(sequences: fixture.sequences)
            for token in 0..<fixture.spec.vocabularySize {
                batch.targets = batch.targets.map { _ in Int32(token) }
                let outputs = try model.score(batch)
                #expect(largestError(outputs.logProbabilities, fixture.logProbabilities.map { $0[token] }) < 1e-5)
            }
        }
    }

    @Test(arguments: runnableVariants)
    func `the loss and all gradients match`(variant: Int32) throws {
        try withVariant(variant) {
            let model = try fixture.makeModel()
            let gradients = try Arena(count: model.table.count)
            let outputs = try model.forward(fixture.batch)
            try model.backward(coefficients: fixture.coefficients, into: gradients)
            #expect(abs(fixture.loss(of: outputs) - fixture.loss) < 1e-5)
            for parameter in model.table.parameters {
                let expected = try #require(fixture.gradients[parameter.name])
                #expect(largestError(Array(gradients.floats[parameter.range]), expected) < 1e-5, "\(parameter.name)")
            }
        }
    }

    @Test(arguments: [1, 2])
    func `ten AdamW updates give the same losses and gradient norms`(threads: Int) throws {
        let engine = try TrainEngine(model: try fixture.makeModel(threads: threads), options: fixture.optimizer.options)
        for update in 0..<10 {
            var loss = 0.0
            let statistics = try engine.trainBatch([fixture.batch]) { _, outputs in
                loss = fixture.loss(of: outputs)
                return fixture.coefficients
            }
            #expect(abs(loss - fixture.trainingLosses[update]) < 1e-4, "update \(update + 1)")
            #expect(abs(Double(statistics.gradientNorm) - fixture.gradientNorms[update]) < 1e-3)
        }
    }
}

private struct Fixture: Decodable {
    struct Sizes: Decodable {
        let vocabularySize: Int
        let contextLength: Int
        let width: Int
        let layers: Int
        let heads: Int
    }

    struct Rule: Decodable {
        let learningRate, beta1, beta2, epsilon, weightDecay, clipNorm, minimumRatio: Float
        let schedule: ScheduleKind
        let warmupSteps, totalSteps: Int

        var options: OptimizerOptions {
            OptimizerOptions(
                learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
                clipNorm: clipNorm, schedule: schedule, warmupSteps: warmupSteps, totalSteps: totalSteps,
                minimumRatio: minimumRatio)
        }
    }

    let spec: Sizes
    let sequences: [[Int32]]
    let optimizer: Rule
    let weights: [String: [Float]]
    let shapes: [String: [Int]]
    let logProbabilities: [[Double]]
    let loss: Double
    let gradients: [String: [Double]]
    let trainingLosses: [Double]
    let gradientNorms: [Double]

    var modelSpec: ModelSpec {
        .gpt2(
            vocabularySize: spec.vocabularySize, contextLength: spec.contextLength, width: spec.width,
            layers: spec.layers, heads: spec.heads)
    }

    var batch: PackedBatch { PackedBatch(sequences: sequences) }

    /// Of the mean over the 14 targets; the last one is for positions without a target, which must not count.
    var coefficients: [Float] { batch.targets.map { $0 < 0 ? 100 : 1 / 14 } }

    func loss(of outputs: TokenOutputs) -> Double {
        -outputs.logProbabilities.reduce(0.0) { $0 + Double($1) } / 14
    }

    func makeModel(threads: Int = 1) throws -> LanguageModel {
        let model = try LanguageModel(spec: modelSpec, seed: 0, pool: try ThreadPool(threads: threads))
        for parameter in model.table.parameters {
            let values = try #require(weights[parameter.name])
            _ = UnsafeMutableBufferPointer(rebasing: model.weights.floats[parameter.range])
                .update(fromContentsOf: values)
        }
        return model
    }
}
