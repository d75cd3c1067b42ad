import Protocol

/// Writes the files of one checkpoint into an existing folder, the manifest last.
struct CheckpointWriter {
    let folder: String
    let files: any CheckpointFiles

    /// Writes all files of `content`, each synced before the next begins.
    func write(_ content: CheckpointContent) throws(FileFault) {
        var manifest = CheckpointManifest()
        let table = content.table
        let ends = content.tokenizer?.specialTokens.ends ?? [CharacterTokenizer.endOfSequence]
        let config = ModelConfiguration.json(content.spec, endTokens: ends, keeping: content.configuration)
        try write(config, as: CheckpointFolder.Name.config, into: &manifest)
        let weights = TensorFileContent(table: table, parts: [("", content.weights)])
        if let adapter = content.adapter {
            let merged = TensorFileContent(table: adapter.table, parts: [("", adapter.merged)])
            try write(merged, as: CheckpointFolder.Name.weights, into: &manifest)
            try write(weights, as: CheckpointFolder.Name.unmerged, into: &manifest)
            // For PEFT; what is gone on from is the file above, so no manifest need vouch for it.
            try AdapterFolder(path: folder + "/" + CheckpointFolder.Name.adapter, files: files).write(
                adapter.options, content.spec, table, content.weights)
        } else {
            try write(weights, as: CheckpointFolder.Name.weights, into: &manifest)
        }
        if let optimizer = content.optimizer {
            let tensors = TensorFileContent(
                parameters: table.parameters.filter(\.isTrained),
                parts: optimizer.moments.map { ($0.name, $0.arena) }, type: .float32)
            try write(tensors, as: CheckpointFolder.Name.optimizer, into: &manifest)
        }
        try write(content.state.json, as: CheckpointFolder.Name.state, into: &manifest)
        for file in content.tokenizer?.files ?? [] { try write(file, into: &manifest) }
        var unlisted = CheckpointManifest()
        try write(manifest.json, as: CheckpointManifest.fileName, into: &unlisted)
    }

    /// Writes a file of a tokenizer as it is.
    func write(_ file: TokenizerFile, into manifest: inout CheckpointManifest) throws(FileFault) {
        try writeFile(file.name, into: &manifest) { append throws(FileFault) in
            try file.bytes.withBytes(append)
        }
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
    package func withBytes<Fault: Error>(_ body: (UnsafeRawBufferPointer) throws(Fault) -> Void) throws(Fault) {
        let outcome: Result<Void, Fault> = withUnsafeBytes { buffer in
            do throws(Fault) { return .success(try body(buffer)) } catch { return .failure(error) }
        }
        try outcome.get()
    }
}
