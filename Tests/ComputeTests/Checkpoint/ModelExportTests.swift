import Protocol
import Testing

@testable import Compute

@Suite struct `Exported model` {
    private let scratch: ScratchFolder
    private var path: String { scratch.path + "/model" }

    init() throws { scratch = try ScratchFolder() }

    private func model(_ spec: ModelSpec) throws -> LanguageModel {
        try LanguageModel(spec: spec, seed: 5, pool: ThreadPool(threads: 1))
    }

    private func reload(_ model: LanguageModel) throws -> [Float] {
        let checkpoint = try Checkpoint.openExternal(path)
        #expect(checkpoint.spec == model.spec)
        let other = try LanguageModel(spec: checkpoint.spec, seed: 6, pool: model.pool)
        try other.loadWeights(from: checkpoint)
        return Array(other.weights.floats)
    }

    @Test(arguments: [ExternalFolder.gpt2, ExternalFolder.llama, ExternalFolder.qwen2])
    func `what was written reads back bit for bit`(spec: ModelSpec) throws {
        let model = try model(spec)
        try model.export(to: path)
        #expect(FolderListing.names(in: path)?.sorted() == ["config.json", "model.safetensors"])
        #expect(try reload(model) == Array(model.weights.floats))
    }

    @Test func `a value head is written and read`() throws {
        var spec = ExternalFolder.qwen2
        spec.head = .value
        let model = try model(spec)
        try model.export(to: path)
        #expect(try reload(model) == Array(model.weights.floats))
    }

    @Test(arguments: [TensorType.float16, .bfloat16])
    func `weights are rounded to the type asked for`(type: TensorType) throws {
        let model = try model(ExternalFolder.llama)
        try model.export(to: path, format: .init(type: type))
        let step: Float = type == .float16 ? 0x1p-11 : 0x1p-8
        let read = try reload(model)
        #expect(zip(read, model.weights.floats).allSatisfy { abs($0 - $1) <= abs($1) * step + 0x1p-25 })
        #expect(read != Array(model.weights.floats))
        let header = try SafetensorsFile.open(path + "/model.safetensors").header
        #expect(header.entries.allSatisfy { $0.type == type })
        #expect(header.metadata == ["format": "pt"])
    }

    @Test func `a limit divides the weights into shards with an index`() throws {
        let model = try model(ExternalFolder.llama)
        try model.export(to: path, format: .init(largestShard: 400))
        let names = try #require(FolderListing.names(in: path)).sorted()
        #expect(
            names == [
                "config.json", "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors",
                "model-00003-of-00003.safetensors", "model.safetensors.index.json",
            ])
        #expect(try reload(model) == Array(model.weights.floats))
    }

    @Test func `a shard holds at least one tensor`() throws {
        let model = try model(ExternalFolder.gpt2)
        try model.export(to: path, format: .init(largestShard: 1))
        #expect(FolderListing.names(in: path)?.count == model.table.parameters.count + 2)
        #expect(try reload(model) == Array(model.weights.floats))
    }

    @Test func `a folder with something in it is left alone`() throws {
        let model = try model(ExternalFolder.gpt2)
        try model.export(to: path)
        let error = #expect(throws: ComputeError.self) { try model.export(to: path) }
        #expect(error?.summary == "Cannot create model: File exists")
        #expect(try reload(model) == Array(model.weights.floats))
    }

    @Test(arguments: [(TensorType.float32, Float.nan), (.bfloat16, .infinity), (.float16, 70_000), (.bfloat16, 3.4e38)])
    func `weights that are not finite in the type are not written`(type: TensorType, value: Float) throws {
        let model = try model(ExternalFolder.gpt2)
        model.weights.base[1] = value
        let error = #expect(throws: ComputeError.self) { try model.export(to: path, format: .init(type: type)) }
        #expect(error?.summary == "Export refused: 'transformer.wte.weight' as \(type.rawValue) is not finite.")
        #expect(FolderListing.names(in: scratch.path) == [])
    }

    @Test func `a type that holds no weights is refused`() throws {
        let error = #expect(throws: ComputeError.self) {
            try model(ExternalFolder.gpt2).export(to: path, format: .init(type: .int8))
        }
        #expect(error?.summary.contains("weights cannot be saved as I8") == true)
    }

    @Test func `nothing is left when any operation fails`() throws {
        let model = try model(ExternalFolder.gpt2)
        let export = ModelExport(
            spec: model.spec, table: model.table, weights: model.weights, format: .init(largestShard: 400))
        var failing = 1
        while true {
            let files = FaultyFiles(failing: failing, kind: .once)
            do throws(ComputeError) {
                try export.save(to: path, files: files)
                // The one operation whose failure changes nothing is the tidying that found nothing.
                break
            } catch {
                #expect(error.code == .diskFull)
            }
            if !files.hasFailed { break }
            let left = FolderListing.names(in: scratch.path) ?? []
            #expect(left == [] || left == ["model"], "operation \(failing) left \(left)")
            try SystemFiles().removeFolder(path)
            failing += 1
        }
        #expect(failing > 20)
        #expect(try reload(model) == Array(model.weights.floats))
    }
}
