import Foundation
import Protocol
import Testing

@testable import Compute

/// Tiny models with adapters made by PEFT; see `Fixtures/make_adapter_fixture.py`.
struct AdapterFixture {
    struct Expected: Decodable {
        let sequences: [[Int32]]
        let loss: Double
        let gradients: [String: [Double]]
        let logits: [[Double]]
        let merged: [String: [Double]]
    }

    static let families = ["gpt2", "llama"]
    let spec: ModelSpec
    let folder: AdapterFolder
    let expected: Expected
    private let path: String

    init(_ family: String) throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        path = fixtures.appending(path: "Fixtures/adapter_\(family)").path(percentEncoded: false)
        expected = try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: URL(filePath: path + "/expected.json")))
        folder = AdapterFolder(path: path + "/peft")
        spec =
            family == "gpt2"
            ? .gpt2(vocabularySize: 11, contextLength: 8, width: 16, layers: 2, heads: 2)
            : .llama(
                vocabularySize: 11, contextLength: 8, width: 16, layers: 2, heads: 4, keyValueHeads: 2, mlpWidth: 24)
    }

    /// The base model with the adapter that `options` describe, not yet loaded.
    func base(_ options: AdapterOptions?, threads: Int = 1) throws -> LanguageModel {
        let model = try LanguageModel(
            spec: spec, seed: 1, pool: ThreadPool(threads: threads), options: ModelOptions(adapter: options))
        let file = try SafetensorsFile.open(path + "/base/model.safetensors")
        try model.changeWeights { weights in
            for parameter in spec.parameterTable().parameters {
                try file.read(
                    parameter.name, shape: parameter.shape,
                    into: UnsafeMutableBufferPointer(rebasing: weights.floats[parameter.range]))
            }
        }
        return model
    }

    /// The model as PEFT has it.
    func adapted(threads: Int = 1) throws -> LanguageModel {
        let model = try base(folder.options(), threads: threads)
        try folder.load(into: model)
        return model
    }

    var batch: PackedBatch { PackedBatch(sequences: expected.sequences) }
    /// Of the mean over all targets.
    var coefficients: [Float] {
        let count = Float(batch.targets.count { $0 >= 0 })
        return batch.targets.map { $0 < 0 ? 0 : 1 / count }
    }
}

@Suite struct `Adapters against PEFT` {
    @Test(arguments: AdapterFixture.families)
    func `logits of the adapted model are PEFT's`(family: String) throws {
        let fixture = try AdapterFixture(family)
        let logits = try fixture.adapted().logits(fixture.batch)
        #expect(largestError(logits, fixture.expected.logits.flatMap(\.self)) < 2e-5)
        let plain = try fixture.base(nil).logits(fixture.batch)
        #expect(largestError(plain, fixture.expected.logits.flatMap(\.self)) > 1e-2)
    }

    @Test(arguments: AdapterFixture.families, [1, 2])
    func `gradients of A and B are PEFT's, and no other weight has one`(family: String, threads: Int) throws {
        let fixture = try AdapterFixture(family)
        let model = try fixture.adapted(threads: threads)
        let gradients = try Arena(count: model.table.count)
        let outputs = try model.forward(fixture.batch)
        let loss = zip(outputs.logProbabilities, fixture.coefficients).reduce(0.0) { $0 - Double($1.0 * $1.1) }
        #expect(abs(loss - fixture.expected.loss) < 1e-5)
        try model.backward(coefficients: fixture.coefficients, into: gradients)
        for parameter in model.table.parameters {
            let own = Array(gradients.floats[parameter.range])
            if parameter.isTrained {
                let expected = try #require(fixture.expected.gradients[parameter.name])
                #expect(largestError(own, expected) < 1e-5, "\(parameter.name)")
                #expect(own.contains { $0 != 0 })
            } else {
                #expect(own.allSatisfy { $0 == 0 }, "\(parameter.name)")
            }
        }
        #expect(Set(model.table.parameters.filter(\.isTrained).map(\.name)) == Set(fixture.expected.gradients.keys))
    }

    @Test(arguments: AdapterFixture.families)
    func `merged weights are PEFT's, and the merged model says the same`(family: String) throws {
        let fixture = try AdapterFixture(family)
        let adapted = try fixture.adapted()
        let merged = try adapted.mergingAdapter()
        #expect(merged.table == fixture.spec.parameterTable())
        #expect(!fixture.expected.merged.isEmpty)
        for (name, values) in fixture.expected.merged {
            let parameter = try #require(merged.table[name])
            #expect(largestError(Array(merged.weights.floats[parameter.range]), values) < 1e-6, "\(name)")
        }
        #expect(
            largestError(try merged.logits(fixture.batch), doubles(try adapted.logits(fixture.batch))) < 1e-5)
    }

    @Test(arguments: AdapterFixture.families)
    func `a fresh adapter changes nothing yet`(family: String) throws {
        let fixture = try AdapterFixture(family)
        let fresh = try fixture.base(fixture.folder.options())
        #expect(try fresh.logits(fixture.batch) == fixture.base(nil).logits(fixture.batch))
        let (down, up) = try #require(fresh.table.adapterPairs().first)
        let bound = 1 / Float(down.shape[1]).squareRoot()
        let values = Array(fresh.weights.floats[down.range])
        #expect(values.allSatisfy { abs($0) <= bound } && values.contains { abs($0) > bound / 2 })
        #expect(fresh.weights.floats[up.range].allSatisfy { $0 == 0 })
    }

    @Test(arguments: AdapterFixture.families)
    func `training moves the adapter only, lowers the loss, and survives saving and loading`(family: String) throws {
        let fixture = try AdapterFixture(family)
        let options = try fixture.folder.options()
        let model = try fixture.base(options)
        let engine = try TrainEngine(model: model, options: OptimizerOptions(learningRate: 0.02))
        let before = model.weights.array
        var losses: [Float] = []
        for _ in 0..<40 {
            _ = try engine.trainBatch([fixture.batch]) { _, outputs in
                losses.append(-zip(outputs.logProbabilities, fixture.coefficients).reduce(0) { $0 + $1.0 * $1.1 })
                return fixture.coefficients
            }
        }
        #expect(losses[39] < 0.7 * losses[0])
        for parameter in model.table.parameters {
            let isSame = model.weights.array[parameter.range] == before[parameter.range]
            #expect(isSame != parameter.isTrained, "\(parameter.name)")
        }
        let scratch = try ScratchFolder()
        let saved = AdapterFolder(path: scratch.path + "/adapter")
        try saved.save(model)
        #expect(FolderListing.names(in: saved.path)?.sorted() == ["adapter_config.json", "adapter_model.safetensors"])
        #expect(try saved.options() == options)
        let other = try fixture.base(options)
        try saved.load(into: other)
        #expect(other.weights.array == model.weights.array)
    }

    @Test func `recompute and adapters go together`() throws {
        let fixture = try AdapterFixture("llama")
        let gradients = try [RecomputeMode.none, .blocks].map { recompute in
            let model = try LanguageModel(
                spec: fixture.spec, seed: 1, pool: ThreadPool(threads: 2),
                options: ModelOptions(recompute: recompute, adapter: fixture.folder.options()))
            let gradients = try Arena(count: model.table.count)
            _ = try model.forward(fixture.batch)
            try model.backward(coefficients: fixture.coefficients, into: gradients)
            return gradients.floats.map(\.bitPattern)
        }
        #expect(gradients[0] == gradients[1])
    }
}
