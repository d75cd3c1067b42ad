/// A model's folder on disk opened for reading: one of ours, checked against its manifest, or a Hugging Face one.
package struct Checkpoint: Sendable {
    package let path: String
    /// What `config.json` says.
    package let configuration: ModelConfiguration
    /// Present in our own checkpoints.
    package let state: CheckpointState?
    package let tokenizer: (any Tokenizer)?

    static let longestText = 64 << 20

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
        let isListed = manifest.files[CheckpointFolder.Name.tokenizer] != nil
        let tokenizer = isListed ? try Tokenizers.load(folder: path) : nil
        let checkpoint = Checkpoint(
            path: path, configuration: try configuration(in: path), state: state, tokenizer: tokenizer)
        try checkpoint.checkTensors()
        return checkpoint
    }

    /// Opens a folder with `config.json` and safetensors from elsewhere, in one file or sharded; it has no manifest to
    /// check, but the files must have the tensors that the configuration tells of.
    package static func openExternal(_ path: String) throws(ComputeError) -> Checkpoint {
        let checkpoint = Checkpoint(
            path: path, configuration: try configuration(in: path), state: nil,
            tokenizer: try Tokenizers.load(folder: path))
        try checkpoint.checkTensors()
        return checkpoint
    }

    /// The shape of the model in such a folder, which has the tensors that belong to it; no tokenizer is read.
    package static func externalSpec(_ path: String) throws(ComputeError) -> ModelSpec {
        let checkpoint = Checkpoint(
            path: path, configuration: try configuration(in: path), state: nil, tokenizer: nil)
        try checkpoint.checkTensors()
        return checkpoint.spec
    }

    /// The model that the files were saved from.
    package var spec: ModelSpec { configuration.spec }
    var source: ModelConfiguration.Source { configuration.source }

    /// Overwrites the moments of an optimizer; throws `damagedFile` when the checkpoint was made without them.
    package func readMoments(into state: OptimizerState, table: ParameterTable) throws(ComputeError) {
        let file = try SafetensorsFile.open(path + "/" + CheckpointFolder.Name.optimizer)
        for moments in state.moments {
            for parameter in table.parameters where parameter.isTrained {
                let target = UnsafeMutableBufferPointer(rebasing: moments.arena.floats[parameter.range])
                try file.read(parameter.name + moments.name, shape: parameter.shape, into: target)
            }
        }
    }

    /// Overwrites weights and adapter by what they were before they were merged, bit for bit; throws `damagedFile`
    /// where the checkpoint is of a model without an adapter.
    package func readUnmerged(into weights: Arena, table: ParameterTable) throws(ComputeError) {
        let file = try SafetensorsFile.open(path + "/" + CheckpointFolder.Name.unmerged)
        for parameter in table.parameters {
            let target = UnsafeMutableBufferPointer(rebasing: weights.floats[parameter.range])
            try file.read(parameter.name, shape: parameter.shape, into: target)
        }
    }

    /// What the `config.json` of a folder says; nothing else is looked at.
    package static func configuration(in path: String) throws(ComputeError) -> ModelConfiguration {
        try ModelFolder(path).check()
        let config = path + "/" + CheckpointFolder.Name.config
        let text = try ReadableFile.contents(of: config, limit: ModelConfiguration.longestText)
        return try ModelConfiguration(json: text, path: config)
    }

    private static func text(_ path: String) throws(ComputeError) -> [UInt8] {
        try ReadableFile.contents(of: path, limit: longestText)
    }
}
