internal import Glibc
internal import Protocol

/// A model written as a Hugging Face folder for other programs: `config.json`, safetensors and the tokenizer.
package struct ModelExport {
    /// How weights are written.
    package struct Format: Sendable, Equatable {
        /// What they are rounded to; one of `TensorType.saved`.
        package var type: TensorType
        /// Bytes of tensors after which a new file begins; nil for one file, however large.
        package var largestShard: Int?

        package init(type: TensorType = .float32, largestShard: Int? = nil) {
            self.type = type
            self.largestShard = largestShard
        }
    }

    let spec: ModelSpec
    let table: ParameterTable
    let weights: Arena
    let tokenizer: (any Tokenizer)?
    let format: Format
    let configuration: JSONValue?

    package init(
        spec: ModelSpec, table: ParameterTable, weights: Arena, tokenizer: (any Tokenizer)? = nil,
        format: Format = Format(), configuration: JSONValue? = nil,
    ) {
        self.spec = spec
        self.table = table
        self.weights = weights
        self.tokenizer = tokenizer
        self.format = format
        self.configuration = configuration
    }

    /// Writes the folder at `path`, whole or not at all: beside its place under a hidden name, put on the disk, renamed.
    ///
    /// - Throws: `notFinite` for weights that are NaN or infinite, or become so in `format.type`; `fileSystem` when the
    ///   system refuses an operation, also where `path` is there already and no empty folder.
    package func save(to path: String, files: any CheckpointFiles = SystemFiles()) throws(ComputeError) {
        guard TensorType.saved.contains(format.type) else {
            throw ComputeError.damaged(path, "weights cannot be saved as \(format.type.rawValue)")
        }
        try checkFinite()
        do throws(FileFault) { try write(to: path, files) } catch { throw ComputeError.file(error) }
    }

    private func write(to path: String, _ files: any CheckpointFiles) throws(FileFault) {
        if let names = FolderListing.names(in: path), !names.isEmpty {
            throw FileFault("create", path, number: EEXIST)
        }
        let cut = path.lastIndex(of: "/")
        let parent = cut.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let partial = "\(parent)/.\(cut.map { String(path[path.index(after: $0)...]) } ?? path).partial"
        try files.removeFolder(partial)
        do throws(FileFault) {
            try files.makeFolder(partial)
            try writeFiles(CheckpointWriter(folder: partial, files: files))
            try files.syncFolder(partial)
            try files.rename(partial, to: path)
        } catch {
            // What was written so far is of no use, and failing to remove it changes nothing.
            try? files.removeFolder(partial)
            throw error
        }
        try files.syncFolder(parent)
    }

    private func writeFiles(_ writer: CheckpointWriter) throws(FileFault) {
        // Hugging Face's folders have no manifest.
        var unlisted = CheckpointManifest()
        let ends = tokenizer?.specialTokens.ends ?? [CharacterTokenizer.endOfSequence]
        let config = ModelConfiguration.json(
            spec, endTokens: ends, type: format.type, keeping: configuration)
        try writer.write(config, as: CheckpointFolder.Name.config, into: &unlisted)
        for file in tokenizer?.files ?? [] { try writer.write(file, into: &unlisted) }
        let shards = shards
        var places: [(tensor: String, file: String)] = []
        for (index, parameters) in shards.enumerated() {
            let isOnly = shards.count == 1
            let name = isOnly ? CheckpointFolder.Name.weights : ShardIndex.shardName(index + 1, of: shards.count)
            let tensors = TensorFileContent(parameters: parameters, parts: [("", weights)], type: format.type)
            try writer.write(tensors, as: name, into: &unlisted)
            places += parameters.map { ($0.name, name) }
        }
        if shards.count > 1 {
            let size = table.parameters.reduce(0) { $0 + $1.count * format.type.byteWidth }
            try writer.write(ShardIndex.json(places, totalSize: size), as: ShardIndex.fileName, into: &unlisted)
        }
    }

    /// The parameters in order, cut before the one that would make a file too large.
    private var shards: [[Parameter]] {
        guard let largest = format.largestShard else { return [table.parameters] }
        var shards: [[Parameter]] = []
        var size = 0
        for parameter in table.parameters {
            let bytes = parameter.count * format.type.byteWidth
            if shards.isEmpty || size + bytes > largest {
                shards.append([])
                size = 0
            }
            shards[shards.count - 1].append(parameter)
            size += bytes
        }
        return shards
    }

    private func checkFinite() throws(ComputeError) {
        // From here on halves and bfloats round to infinity.
        let largest: Float =
            switch format.type {
            case .float16: 65520
            case .bfloat16: Float(bitPattern: 0x7F7F_8000)
            default: .infinity
            }
        for parameter in table.parameters {
            let values = weights.floats[parameter.range]
            if !values.allSatisfy({ $0.magnitude < largest }) {
                throw ComputeError.notFinite(
                    "Export refused: '\(parameter.name)' as \(format.type.rawValue)",
                    hint: "Save as F32 or BF16, or choose an earlier checkpoint.")
            }
        }
    }
}
