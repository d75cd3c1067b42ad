/// A model's folder on disk opened for reading: one of ours, checked against its manifest, or a Hugging Face one.
package struct Checkpoint: Sendable {
    package let path: String
    /// What `config.json` says.
    package let configuration: ModelConfiguration
    /// Present in our own checkpoints.
    package let state: CheckpointState?
    package let tokenizer: CharacterTokenizer?

    /// What is appended to a parameter's name for its AdamW moments in `optimizer.safetensors`.
    package static let firstMoment = ".first_moment"
    package static let secondMoment = ".second_moment"
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
        var tokenizer: CharacterTokenizer?
        if manifest.files[CheckpointFolder.Name.tokenizer] != nil {
            let tokenizerPath = path + "/" + CheckpointFolder.Name.tokenizer
            tokenizer = try CharacterTokenizer(json: text(tokenizerPath), path: tokenizerPath)
        }
        let checkpoint = Checkpoint(
            path: path, configuration: try readConfiguration(in: path), state: state, tokenizer: tokenizer)
        try checkpoint.checkTensors()
        return checkpoint
    }

    /// Opens a folder with `config.json` and safetensors from elsewhere, in one file or sharded; it has no manifest to
    /// check, but the files must have the tensors that the configuration tells of.
    package static func openExternal(_ path: String) throws(ComputeError) -> Checkpoint {
        let checkpoint = Checkpoint(
            path: path, configuration: try readConfiguration(in: path), state: nil, tokenizer: nil)
        try checkpoint.checkTensors()
        return checkpoint
    }

    /// The model that the files were saved from.
    package var spec: ModelSpec { configuration.spec }
    var source: ModelConfiguration.Source { configuration.source }

    /// Overwrites both AdamW moments; throws `damagedFile` when the checkpoint was made without them.
    package func readMoments(first: Arena, second: Arena, table: ParameterTable) throws(ComputeError) {
        let file = try SafetensorsFile.open(path + "/" + CheckpointFolder.Name.optimizer)
        for (suffix, arena) in [(Self.firstMoment, first), (Self.secondMoment, second)] {
            for parameter in table.parameters {
                let target = UnsafeMutableBufferPointer(rebasing: arena.floats[parameter.range])
                try file.read(parameter.name + suffix, shape: parameter.shape, into: target)
            }
        }
    }

    private static func readConfiguration(in path: String) throws(ComputeError) -> ModelConfiguration {
        let config = path + "/" + CheckpointFolder.Name.config
        let text = try ReadableFile.contents(of: config, limit: ModelConfiguration.longestText)
        return try ModelConfiguration(json: text, path: config)
    }

    private static func text(_ path: String) throws(ComputeError) -> [UInt8] {
        try ReadableFile.contents(of: path, limit: longestText)
    }
}
