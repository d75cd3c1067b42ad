import Protocol

/// Writes the files of one checkpoint into an existing folder, the manifest last.
struct CheckpointWriter {
    let folder: String
    let files: any CheckpointFiles

    /// Writes all files of `content`, each synced before the next begins.
    func write(_ content: CheckpointContent) throws(FileFault) {
        var manifest = CheckpointManifest()
        let table = content.table
        let config = ModelConfiguration.json(content.spec, endTokens: [CharacterTokenizer.endOfSequence])
        try write(config, as: CheckpointFolder.Name.config, into: &manifest)
        let weights = TensorFileContent(table: table, parts: [("", content.weights)])
        try write(weights, as: CheckpointFolder.Name.weights, into: &manifest)
        if let moments = content.moments {
            let parts = [(Checkpoint.firstMoment, moments.first), (Checkpoint.secondMoment, moments.second)]
            let tensors = TensorFileContent(table: table, parts: parts)
            try write(tensors, as: CheckpointFolder.Name.optimizer, into: &manifest)
        }
        try write(content.state.json, as: CheckpointFolder.Name.state, into: &manifest)
        if let tokenizer = content.tokenizer {
            try write(tokenizer.json, as: CheckpointFolder.Name.tokenizer, into: &manifest)
        }
        var unlisted = CheckpointManifest()
        try write(manifest.json, as: CheckpointManifest.fileName, into: &unlisted)
    }

    func write(
        _ json: JSONValue, as name: String, into manifest: inout CheckpointManifest,
    ) throws(FileFault) {
        let bytes = Array(json.prettyText.utf8)
        try writeFile(name, into: &manifest) { append throws(FileFault) in
            try bytes.withBytes(append)
        }
    }

    func write(
        _ tensors: TensorFileContent, as name: String, into manifest: inout CheckpointManifest,
    ) throws(FileFault) {
        try writeFile(name, into: &manifest) { append throws(FileFault) in
            try tensors.write(append)
        }
    }

    /// Creates a file, lets `body` append to it, syncs it and notes its size and checksum.
    private func writeFile(
        _ name: String, into manifest: inout CheckpointManifest,
        _ body: (_ append: (UnsafeRawBufferPointer) throws(FileFault) -> Void) throws(FileFault) -> Void,
    ) throws(FileFault) {
        let path = folder + "/" + name
        let descriptor = try files.create(path)
        var checksum = CRC32()
        var size = 0
        var fault: FileFault?
        do throws(FileFault) {
            try body { bytes throws(FileFault) in
                try files.write(bytes, to: descriptor, path: path)
                checksum.add(bytes)
                size += bytes.count
            }
        } catch {
            fault = error
        }
        do throws(FileFault) { try files.finish(descriptor, path: path) } catch { fault = fault ?? error }
        if let fault { throw fault }
        manifest.files[name] = CheckpointManifest.Entry(size: size, checksum: checksum.value)
    }
}

extension Array where Element == UInt8 {
    /// `withUnsafeBytes` with a typed error.
    func withBytes<Fault: Error>(_ body: (UnsafeRawBufferPointer) throws(Fault) -> Void) throws(Fault) {
        let outcome: Result<Void, Fault> = withUnsafeBytes { buffer in
            do throws(Fault) { return .success(try body(buffer)) } catch { return .failure(error) }
        }
        try outcome.get()
    }
}
