import Foundation
import Testing

@testable import Compute

/// `Fixtures/make_module_fixture.py` by PyTorch.
private struct Fixture: Decodable {
    struct Case: Decodable {
        let weights: [String: [Float]]
        let gradients: [String: [Double]]
        let logits: [Double]
        let loss: Double
        let sgd: [Double]
        let adamw: [Double]
    }

    let inputs: [Float]
    let targets: [Int32]
    let cases: [String: Case]

    static func load() throws -> Fixture {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/module_fixture.json")
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
    }

    static let names = ["simple", "activated"]

    static func spec(_ name: String) throws -> ModuleSpec {
        switch name {
        case "simple":
            try ModuleSpec((1...4).map { .linear("fc\($0)", from: 12, to: 12) } + [.linear("fc5", from: 12, to: 5)])
        default:
            try ModuleSpec([
                .linear("fc1", from: 12, to: 20), .gelu, .linear("fc2", from: 20, to: 14, bias: .absent), .relu,
                .layerNorm("norm"), .linear("fc3", from: 14, to: 5),
            ])
        }
    }

    func module(_ name: String, threads: Int = 1) throws -> Module {
        let module = try Module(Self.spec(name), seed: 0, pool: ThreadPool(threads: threads))
        let weights = try #require(cases[name]).weights
        #expect(Set(module.table.parameters.map(\.name)) == Set(weights.keys))
        module.changeWeights { arena in
            for parameter in module.table.parameters {
                for (index, value) in zip(parameter.range, weights[parameter.name] ?? []) { arena.base[index] = value }
            }
        }
        return module
    }

    var batch: LabelledRows { LabelledRows(inputs: inputs, targets: targets) }
}

@Suite struct `User-defined modules against PyTorch` {
    @Test(arguments: Fixture.names, [1, 2])
    func `logits, loss and every gradient`(name: String, threads: Int) throws {
        let fixture = try Fixture.load()
        let expected = try #require(fixture.cases[name])
        let module = try fixture.module(name, threads: threads)
        #expect(largestError(try module.logits(fixture.inputs), expected.logits) < 1e-6)
        let logProbabilities = try module.forward(fixture.batch)
        #expect(abs(-logProbabilities.reduce(0) { $0 + Double($1) } / 9 - expected.loss) < 1e-6)
        let gradients = try Arena(count: module.table.count)
        try module.backward(coefficients: Array(repeating: 1 / 9, count: 9), into: gradients)
        for parameter in module.table.parameters {
            let wanted = try #require(expected.gradients[parameter.name])
            #expect(largestError(Array(gradients.floats[parameter.range]), wanted) < 1e-6, "\(parameter.name)")
        }
    }

    @Test(arguments: Fixture.names)
    func `twenty updates give the same losses, by gradient descent and by AdamW`(name: String) throws {
        let fixture = try Fixture.load()
        let expected = try #require(fixture.cases[name])
        let kinds: [(OptimizerKind, Float, [Double])] = [
            (.sgd(MomentumOptions()), 0.1, expected.sgd), (.adamW(AdamOptions()), 0.01, expected.adamw),
        ]
        for (kind, rate, losses) in kinds {
            let trainer = try ModuleTrainer(
                fixture.module(name),
                options: OptimizerOptions(
                    kind: kind, schedule: LearningRateSchedule(peak: rate, warmup: 0, shape: .constant),
                    weightDecay: 0, clipNorm: .infinity))
            for (update, loss) in losses.enumerated() {
                #expect(abs(try trainer.trainBatch([fixture.batch]).loss - loss) < 5e-5, "update \(update + 1)")
            }
            #expect(losses[19] < losses[0])
            #expect(trainer.optimizer.updateCount == 20)
        }
    }
}
