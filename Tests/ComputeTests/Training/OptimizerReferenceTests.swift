import Foundation
import Testing

@testable import Compute

/// Twelve updates of `Fixtures/make_optimizer_fixture.py`, which PyTorch made.
private struct Fixture: Decodable {
    let start: [String: [Float]]
    let gradients: [[String: [Float]]]
    let norms: [Double]
    let cases: [String: [String: [Double]]]

    static func load() throws -> Fixture {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/optimizer_fixture.json")
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
    }

    /// Every tensor is marked as decayed: the names of biases and norms must exclude them.
    static func table() -> ParameterTable {
        var table = ParameterTable()
        table.append(name: "layer.weight", shape: [3, 5], isDecayed: true)
        table.append(name: "layer.bias", shape: [5], isDecayed: true)
        table.append(name: "final_norm.weight", shape: [5], isDecayed: true)
        table.append(name: "head.weight", shape: [2, 4], isDecayed: true)
        return table
    }
}

extension Arena {
    fileprivate func fill(_ values: [String: [Float]], _ table: ParameterTable) {
        for parameter in table.parameters {
            for (index, value) in zip(parameter.range, values[parameter.name] ?? []) { base[index] = value }
        }
    }
}

@Suite struct `Optimizers against PyTorch` {
    private static let kinds: [(String, OptimizerKind)] = [
        ("adamw", .adamW(AdamOptions())),
        ("adamw_classic", .adamW(AdamOptions(beta1: 0.9, beta2: 0.999, epsilon: 1e-8))),
        ("adam", .adam(AdamOptions())),
        ("sgd", .sgd(MomentumOptions())),
        ("momentum", .sgd(MomentumOptions(momentum: 0.9))),
        ("nesterov", .sgd(MomentumOptions(momentum: 0.8, variant: .nesterov))),
    ]

    private func options(_ kind: OptimizerKind) -> OptimizerOptions {
        OptimizerOptions(
            kind: kind, schedule: LearningRateSchedule(peak: 0.05, warmup: 4, shape: .constant), weightDecay: 0.1,
            clipNorm: 2)
    }

    @Test(arguments: kinds)
    func `twelve updates with clipping, decay groups and warm-up give its weights`(
        name: String, kind: OptimizerKind
    ) throws {
        let fixture = try Fixture.load()
        let table = Fixture.table()
        let optimizer = try Optimizer(table: table, options: options(kind), pool: ThreadPool(threads: 2))
        let weights = try Arena(count: table.count)
        weights.fill(fixture.start, table)
        for (gradients, norm) in zip(fixture.gradients, fixture.norms) {
            optimizer.gradients.fill(gradients, table)
            let statistics = try optimizer.update(loss: .finite) { $0(weights) }
            #expect(abs(Double(statistics.gradientNorm) / norm - 1) < 1e-6)
        }
        let expected = try #require(fixture.cases[name])
        for parameter in table.parameters {
            let wanted = try #require(expected[parameter.name])
            #expect(largestError(Array(weights.floats[parameter.range]), wanted) < 2e-6, "\(parameter.name)")
        }
    }

    @Test(arguments: [
        (OptimizerKind.adamW(AdamOptions()), [".first_moment", ".second_moment"]),
        (.adam(AdamOptions()), [".first_moment", ".second_moment"]),
        (.sgd(MomentumOptions()), []),
        (.sgd(MomentumOptions(momentum: 0.5)), [".momentum"]),
    ])
    func `a kind keeps as much state as it needs`(kind: OptimizerKind, names: [String]) throws {
        let optimizer = try Optimizer(
            table: Fixture.table(), options: options(kind), pool: ThreadPool(threads: 1))
        #expect(optimizer.state.moments.map(\.name) == names)
    }

    @Test func `decay is left out by any part of a name, and by the table`() throws {
        var table = ParameterTable()
        table.append(name: "a.lora_A.weight", shape: [1], isDecayed: true)
        table.append(name: "b.weight", shape: [1], isDecayed: true)
        table.append(name: "c.gain", shape: [1], isDecayed: false)
        var options = options(.sgd(MomentumOptions()))
        options.decayExclusions = ["lora_"]
        options.weightDecay = 1
        options.schedule.warmup = 0
        let optimizer = try Optimizer(table: table, options: options, pool: ThreadPool(threads: 1))
        let weights = try Arena(count: table.count)
        weights.floats.update(repeating: 1)
        _ = try optimizer.update(loss: .finite) { $0(weights) }
        #expect(table.parameters.map { weights.base[$0.offset] } == [1, 0.95, 1])
    }
}
