/// A model's folder on disk opened for reading: one of ours, checked against its manifest, or a Hugging Face one.
package struct Checkpoint: Sendable {
    package let path: String
    package let spec: ModelSpec
    /// Present in our own checkpoints.
    package let state: CheckpointState?
    package let tokenizer: CharacterTokenizer?

    private static let longestText = 64 << 20

    /// Opens a checkpoint that `CheckpointFolder` wrote. Throws `damagedFile` unless every file is whole.
    package static func open(_ path: String) throws(ComputeError) -> Checkpoint {
        let manifestPath = path + "/" + CheckpointManifest.fileName
        let manifest = try CheckpointManifest(json: text(manifestPath), path: manifestPath)
        for name in [CheckpointFolder.Name.config, CheckpointFolder.Name.weights, CheckpointFolder.Name.state]
        where manifest.files[name] == nil {
            throw ComputeError.damaged(manifestPath, "does not list \(name)")
        }
        try manifest.verify(folder: path)
        let statePath = path + "/" + CheckpointFolder.Name.state
        let state = try CheckpointState(json: text(statePath), path: statePath)
        var tokenizer: CharacterTokenizer?
        if manifest.files[CheckpointFolder.Name.tokenizer] != nil {
            let tokenizerPath = path + "/" + CheckpointFolder.Name.tokenizer
            tokenizer = try CharacterTokenizer(json: text(tokenizerPath), path: tokenizerPath)
        }
        return Checkpoint(path: path, spec: try readSpec(in: path), state: state, tokenizer: tokenizer)
    }

    /// Opens a folder with `config.json` and `model.safetensors` from elsewhere; it has no manifest to check.
    package static func openExternal(_ path: String) throws(ComputeError) -> Checkpoint {
        Checkpoint(path: path, spec: try readSpec(in: path), state: nil, tokenizer: nil)
    }

    /// Overwrites `weights` with the model's tensors.
    package func readWeights(into weights: Arena, table: ParameterTable) throws(ComputeError) {
        let file = try SafetensorsFile.open(path + "/" + CheckpointFolder.Name.weights)
        // Older Hugging Face files leave the prefix out.
        let isShort = file.header.entries.contains { $0.name == "wte.weight" }
        let prefix = "transformer."
        for parameter in table.parameters {
            let isCut = isShort && parameter.name.hasPrefix(prefix)
            let name = isCut ? String(parameter.name.dropFirst(prefix.count)) : parameter.name
            let target = UnsafeMutableBufferPointer(rebasing: weights.floats[parameter.range])
            try file.read(name, shape: parameter.shape, into: target)
        }
        try Self.refuseUnknown(in: file, table: table, prefix: isShort ? prefix : "")
    }

    /// Overwrites the moments of an optimizer; throws `damagedFile` when the checkpoint was made without them.
    package func readMoments(into state: OptimizerState, table: ParameterTable) throws(ComputeError) {
        let file = try SafetensorsFile.open(path + "/" + CheckpointFolder.Name.optimizer)
        for moments in state.moments {
            for parameter in table.parameters {
                let target = UnsafeMutableBufferPointer(rebasing: moments.arena.floats[parameter.range])
                try file.read(parameter.name + moments.name, shape: parameter.shape, into: target)
            }
        }
    }

    /// Whether the weights were saved with an adapter beside them.
    func hasAdapter() throws(ComputeError) -> Bool {
        if state == nil { return false }
        let file = try SafetensorsFile.open(path + "/" + CheckpointFolder.Name.weights)
        return file.header.entries.contains { $0.name.hasPrefix(AdapterOptions.prefix) }
    }

    /// A tensor the model has no place for means that the file belongs to another model; known buffers are passed over.
    private static func refuseUnknown(
        in file: borrowing SafetensorsFile, table: ParameterTable, prefix: String,
    ) throws(ComputeError) {
        for entry in file.header.entries where table[prefix + entry.name] == nil {
            let isBuffer = [".attn.bias", ".attn.masked_bias"].contains { entry.name.hasSuffix($0) }
            if isBuffer || entry.name == "lm_head.weight" { continue }
            throw ComputeError.damaged(file.path, "tensor '\(entry.name)' has no place in the model")
        }
    }

    private static func readSpec(in path: String) throws(ComputeError) -> ModelSpec {
        let config = path + "/" + CheckpointFolder.Name.config
        return try GPT2Configuration.spec(json: text(config), path: config)
    }

    private static func text(_ path: String) throws(ComputeError) -> [UInt8] {
        try ReadableFile.contents(of: path, limit: longestText)
    }
}
