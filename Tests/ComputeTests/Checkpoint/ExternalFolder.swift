@testable import Compute

/// A model's folder in Hugging Face layout, written by the test and not by the source.
struct ExternalFolder {
    let scratch: ScratchFolder
    let spec: ModelSpec
    let table: ParameterTable
    let weights: Arena
    /// Lines of `config.json` that differ from what the source writes.
    var configuration: [String: JSONValue] = [:]

    static let gpt2 = ModelSpec.gpt2(vocabularySize: 5, contextLength: 6, width: 4, layers: 1, heads: 2)
    static let llama = ModelSpec.llama(
        vocabularySize: 5, contextLength: 6, width: 4, layers: 2, heads: 2, keyValueHeads: 1, mlpWidth: 6)
    static let qwen2 = ModelSpec.qwen2(
        vocabularySize: 5, contextLength: 6, width: 4, layers: 1, heads: 2, keyValueHeads: 1, mlpWidth: 6)

    init(_ spec: ModelSpec = gpt2) throws {
        self.spec = spec
        scratch = try ScratchFolder()
        table = spec.parameterTable()
        weights = try Arena(count: table.count)
        var generator = SeededGenerator(seed: 1)
        for parameter in table.parameters {
            for index in parameter.range { weights.base[index] = generator.normal() }
        }
    }

    /// A tensor of a file: a name, a shape and f32 values.
    struct Tensor {
        var name: String
        var shape: [Int]
        var values: [Float]
    }

    var tensors: [Tensor] {
        table.parameters.map {
            Tensor(name: $0.name, shape: $0.shape, values: Array(weights.floats[$0.range]))
        }
    }

    /// Writes `config.json` and one file of the tensors.
    func write(_ tensors: [Tensor]) throws {
        try writeConfiguration()
        _ = try scratch.write(Self.file(tensors), to: "model.safetensors")
    }

    /// Writes `config.json`, a file for every list of tensors, and an index, which `change` may damage.
    func write(
        shards: [(name: String, tensors: [Tensor])], change: (inout [String: String]) -> Void = { _ in }
    ) throws {
        try writeConfiguration()
        var map: [String: String] = [:]
        for shard in shards {
            if !shard.name.contains("/") { _ = try scratch.write(Self.file(shard.tensors), to: shard.name) }
            for tensor in shard.tensors { map[tensor.name] = shard.name }
        }
        change(&map)
        let index = JSONValue.object([
            JSONMember("metadata", .object([JSONMember("total_size", .number("0.0"))])),
            JSONMember("weight_map", .map(map)),
        ])
        _ = try scratch.write(Array(index.prettyText.utf8), to: "model.safetensors.index.json")
    }

    func writeConfiguration() throws {
        let members = ModelConfiguration.json(spec, endTokens: [0]).asMembers ?? []
        let kept = members.filter { configuration[$0.name] == nil }
        let text = JSONValue.object(kept + configuration.map { JSONMember($0.key, $0.value) }).prettyText
        _ = try scratch.write(Array(text.utf8), to: "config.json")
    }

    /// Opens the folder and reads its weights into a model of `spec`, or of the folder's own.
    func read(as spec: ModelSpec? = nil) throws -> (weights: [Float], report: WeightReport) {
        let checkpoint = try Checkpoint.openExternal(scratch.path)
        let table = (spec ?? checkpoint.spec).parameterTable()
        let weights = try Arena(count: table.count)
        let report = try checkpoint.readWeights(into: weights, table: table)
        return (Array(weights.floats), report)
    }

    /// What refuses the folder; nil when it is read.
    func refusal(as spec: ModelSpec? = nil) -> String? {
        do {
            _ = try read(as: spec)
            return nil
        } catch {
            return (error as? ComputeError)?.summary ?? "\(error)"
        }
    }

    /// A safetensors file of f32 tensors, one after another.
    static func file(_ tensors: [Tensor]) -> [UInt8] {
        var bytes = SafetensorsHeader.encode(tensors.map { ($0.name, $0.shape) }, metadata: [:])
        for value in tensors.flatMap(\.values) {
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
        }
        return bytes
    }
}
