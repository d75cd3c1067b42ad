import Foundation
import Testing

@testable import Compute

/// A tiny checkpoint saved by `transformers` and what `transformers` computes with it, from
/// `Fixtures/make_model_fixtures.py`.
struct ModelFixture {
    struct Expected: Decodable {
        struct AdamW: Decodable {
            let learningRate: Float
            let beta1: Float
            let beta2: Float
            let epsilon: Float
            let weightDecay: Float
            let clipNorm: Float
        }

        let sequences: [[Int32]]
        /// The case whose weights these are.
        let weights: String
        let loss: Double
        /// A reward model's, one a sequence.
        let targets: [Float]?
        let prompt: [Int32]?
        let greedy: [Int32]?
        let adamw: AdamW?
        let losses: [Double]?
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/models").path
    /// Every case, by folder.
    static let names = (FolderContents.names(in: folder) ?? []).sorted()

    let name: String
    let expected: Expected
    /// Logits, or values, of every position; `gradient.<name>` and `updated.<name>`.
    let tensors: SafetensorsFile
    let checkpoint: Checkpoint
    /// The folder where weights are another case's; kept while they are read.
    private let scratch: ScratchFolder?

    init(_ name: String) throws {
        let path = Self.folder + "/" + name
        self.name = name
        expected = try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: URL(filePath: path + "/expected.json")))
        tensors = try SafetensorsFile.open(path + "/expected.safetensors")
        if expected.weights == name
            || FolderContents.names(in: path)?.contains(where: { $0.hasPrefix("model") }) == true
        {
            scratch = nil
            checkpoint = try Checkpoint.openExternal(path)
        } else {
            let scratch = try ScratchFolder()
            let weights = Self.folder + "/" + expected.weights + "/model.safetensors"
            _ = try scratch.write(ScratchFolder.read(path + "/config.json"), to: "config.json")
            _ = try scratch.write(ScratchFolder.read(weights), to: "model.safetensors")
            self.scratch = scratch
            checkpoint = try Checkpoint.openExternal(scratch.path)
        }
    }

    var batch: PackedBatch { PackedBatch(sequences: expected.sequences) }

    func model(threads: Int = 1) throws -> LanguageModel {
        let model = try LanguageModel(spec: checkpoint.spec, seed: 0, pool: ThreadPool(threads: threads))
        try model.loadWeights(from: checkpoint)
        return model
    }

    func values(_ tensor: String) throws -> [Float] {
        let entry = try #require(tensors.header.entry(named: tensor))
        let arena = try Arena(count: entry.count)
        try tensors.read(entry, into: arena.floats)
        return Array(arena.floats)
    }

    func hasTensors(_ prefix: String) -> Bool { tensors.header.entries.contains { $0.name.hasPrefix(prefix) } }

    /// The last position of every sequence.
    private var ends: [Int] { (0..<batch.sequenceCount).map { batch.range(ofSequence: $0).upperBound - 1 } }

    /// Of the mean negative log-probability, or of the mean squared distance of scores from their targets.
    func loss(_ outputs: TokenOutputs) -> Double {
        if let targets = expected.targets {
            let squares = zip(ends, targets).map { pow(Double(outputs.values[$0] - $1), 2) }
            return squares.reduce(0, +) / Double(targets.count)
        }
        let count = batch.targets.count { $0 >= 0 }
        return -outputs.logProbabilities.reduce(0.0) { $0 + Double($1) } / Double(count)
    }

    /// What enters the network: the derivative of `loss` by each value, or one share a target.
    func coefficients(_ outputs: TokenOutputs) -> [Float] {
        if let targets = expected.targets {
            var coefficients = [Float](repeating: 0, count: outputs.values.count)
            for (end, target) in zip(ends, targets) {
                coefficients[end] = 2 * (outputs.values[end] - target) / Float(targets.count)
            }
            return coefficients
        }
        let share = 1 / Float(batch.targets.count { $0 >= 0 })
        return batch.targets.map { $0 < 0 ? 0 : share }
    }
}

/// Names in a folder, for arguments of tests.
private enum FolderContents {
    static func names(in folder: String) -> [String]? {
        try? FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
    }
}

extension Array where Element == Float {
    /// The largest distance from `expected`, infinite when one is not finite or the counts differ.
    func distance(from expected: [Float]) -> Float {
        guard count == expected.count else { return .infinity }
        return zip(self, expected).reduce(0) { largest, pair in
            let distance = abs(pair.0 - pair.1)
            return distance.isFinite ? Swift.max(largest, distance) : .infinity
        }
    }
}
