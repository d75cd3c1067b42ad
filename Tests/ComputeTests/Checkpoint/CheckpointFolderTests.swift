import Protocol
import Testing

@testable import Compute

@Suite struct `Checkpoint folder` {
    private let scratch: ScratchFolder
    private let folder: CheckpointFolder
    private let model: CheckpointFixture

    init() throws {
        scratch = try ScratchFolder()
        folder = CheckpointFolder(path: scratch.path + "/checkpoints/actor")
        model = try CheckpointFixture()
    }

    @Test func `a checkpoint has exactly the documented files`() throws {
        let path = try folder.save(model.content(step: 3))
        #expect(path == folder.path + "/step-3")
        #expect(
            FolderListing.names(in: path) == [
                "config.json", "manifest.json", "model.safetensors", "optimizer.safetensors", "state.json",
                "tokenizer.json",
            ])
        #expect(FolderListing.names(in: folder.path) == ["step-3"])
    }

    @Test func `everything that was saved is read back bit for bit`() throws {
        let saved = try model.content(step: 3, values: ["phase": "grpo", "row \"7\"": "é\n"])
        let checkpoint = try Checkpoint.open(folder.save(saved))
        #expect(checkpoint.spec == model.spec)
        #expect(checkpoint.state == saved.state)
        #expect(checkpoint.tokenizer == saved.tokenizer)
        let other = try CheckpointFixture(seed: 2)
        try checkpoint.readWeights(into: other.weights, table: other.table)
        try checkpoint.readMoments(first: other.first, second: other.second, table: other.table)
        for (mine, theirs) in [
            (model.weights, other.weights), (model.first, other.first), (model.second, other.second),
        ] {
            #expect(mine.floats.map(\.bitPattern) == theirs.floats.map(\.bitPattern))
        }
    }

    @Test func `equal contents give equal bytes`() throws {
        let one = try folder.save(model.content(step: 1, values: ["a": "1", "b": "2"]))
        let first = try ScratchFolder.read(one + "/manifest.json")
        try folder.save(model.content(step: 1, values: ["b": "2", "a": "1"]))
        #expect(try ScratchFolder.read(one + "/manifest.json") == first)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func `weights that are not finite are never saved`(value: Float) throws {
        try folder.save(model.content(step: 1))
        let bias = try #require(model.table["transformer.ln_f.bias"])
        model.weights.base[bias.offset + 3] = value
        let error = #expect(throws: ComputeError.self) { try folder.save(model.content(step: 2)) }
        #expect(error?.code == .notFinite)
        #expect(error?.summary == "Checkpoint refused: weight 'transformer.ln_f.bias' is not finite.")
        #expect(FolderListing.names(in: folder.path) == ["step-1"])
    }

    @Test func `a moment that is not finite is never saved either`() throws {
        model.second.base[0] = .nan
        let error = #expect(throws: ComputeError.self) { try folder.save(model.content(step: 2)) }
        #expect(error?.summary == "Checkpoint refused: second moment of 'transformer.wte.weight' is not finite.")
    }

    @Test func `a checkpoint of the same step is replaced`() throws {
        try folder.save(model.content(step: 4, values: ["try": "1"]))
        let path = try folder.save(model.content(step: 4, values: ["try": "2"]))
        #expect(try Checkpoint.open(path).state?.values == ["try": "2"])
        #expect(FolderListing.names(in: folder.path) == ["step-4"])
    }

    @Test func `a model saved without an optimizer has no moments to read`() throws {
        let content = CheckpointContent(
            spec: model.spec, table: model.table, weights: model.weights, moments: nil,
            state: CheckpointState(step: 0), tokenizer: nil)
        let checkpoint = try Checkpoint.open(folder.save(content))
        #expect(checkpoint.tokenizer == nil)
        #expect(throws: ComputeError.self) {
            try checkpoint.readMoments(first: model.first, second: model.second, table: model.table)
        }
    }

    @Test func `weights of another shape are refused by tensor name`() throws {
        let checkpoint = try Checkpoint.open(folder.save(model.content(step: 1)))
        let table = ModelSpec.gpt2(vocabularySize: 6, contextLength: 6, width: 4, layers: 1, heads: 2).parameterTable()
        let error = try #require(
            #expect(throws: ComputeError.self) {
                try checkpoint.readWeights(into: Arena(count: table.count), table: table)
            })
        #expect(error.summary.contains("tensor 'transformer.wte.weight' has shape [5, 4], expected [6, 4]"))
    }

    @Test func `a file from elsewhere may leave out the prefix and hold old buffers`() throws {
        let tensors = model.table.parameters.map { ($0.name.replacing("transformer.", with: ""), $0.shape) }
        var bytes = SafetensorsHeader.encode(tensors + [("h.0.attn.bias", [1, 1])], metadata: [:])
        for parameter in model.table.parameters {
            bytes += parameter.range.flatMap { index in
                (0..<4).map { UInt8(truncatingIfNeeded: model.weights.base[index].bitPattern >> (8 * $0)) }
            }
        }
        _ = try scratch.write(bytes + [0, 0, 0, 0], to: "model.safetensors")
        _ = try scratch.write(
            Array(ModelConfiguration.json(model.spec, endTokens: [0]).prettyText.utf8), to: "config.json")
        let other = try CheckpointFixture(seed: 2)
        try Checkpoint.openExternal(scratch.path).readWeights(into: other.weights, table: other.table)
        #expect(other.weights.floats.elementsEqual(model.weights.floats))
    }
}
