internal import Glibc
internal import Protocol

/// What a path holds that somebody gave as a model's folder. Where it is something else, the refusal says what, and the
/// step that leads to a model's folder.
struct ModelFolder {
    let path: String
    /// Nil where the path is no folder that can be opened.
    private let names: [String]?

    init(_ path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        names = FolderListing.names(in: path)
    }

    /// - Throws: `refusal`, unless there is a `config.json` and no file is the pointer that Git leaves in place of a large
    ///   one, or a link to what is not there.
    func check() throws(ComputeError) {
        guard let names, names.contains(CheckpointFolder.Name.config) else { throw refusal }
        for name in names where Self.isOfModel(name) {
            if let fault = Self.fault(ofFile: "\(path)/\(name)") { throw fault }
        }
    }

    private static func isOfModel(_ name: String) -> Bool {
        [".json", ".safetensors", ".model", ".tiktoken", ".txt"].contains { name.hasSuffix($0) }
    }
}

// MARK: - Files that are not what their name says

extension ModelFolder {
    private static let longestPointer = 1024

    private static func fault(ofFile path: String) -> ComputeError? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else { return nil }
            return ComputeError.damaged(
                path, "it is a link to a file that is not there",
                hint:
                    "Download the model again: a download that was interrupted, or a copy without its blobs, leaves such links."
            )
        }
        guard status.st_mode & S_IFMT == S_IFREG, (1...off_t(longestPointer)).contains(status.st_size),
            let bytes = try? ReadableFile.contents(of: path, limit: longestPointer),
            bytes.starts(with: GitPointer.mark)
        else { return nil }
        return ComputeError.damaged(
            path, "it is a Git LFS pointer, not the file itself",
            hint: "Run 'git lfs pull' in the folder, or download the model with 'hf download'.")
    }

    /// - Throws: `damagedFile` where a file that the index names is not there.
    func requireShards(_ files: Set<String>) throws(ComputeError) {
        let missing = files.subtracting(names ?? []).sorted()
        guard let first = missing.first else { return }
        throw ComputeError.damaged(
            path + "/" + ShardIndex.fileName,
            "\(missing.count) of \(files.count) files that it names are missing, the first is \(first)",
            hint: "Download the model again into this folder; what is complete is kept.")
    }
}

// MARK: - Refusals

extension ModelFolder {
    /// Why the path is no model's folder.
    var refusal: ComputeError {
        guard let names else { return refusalOfFile }
        if names.contains("adapter_config.json") { return refusalOfAdapter }
        if names.contains("snapshots") { return refusalOfHubRoot }
        if let fault = names.lazy.filter(Self.isOfModel).compactMap({ Self.fault(ofFile: "\(path)/\($0)") }).first {
            return fault
        }
        if let newest = newestCheckpoint {
            return refuse("it holds the checkpoints of a trial", "Give the folder of a step, such as \(newest)")
        }
        let inner = names.filter {
            FolderListing.names(in: "\(path)/\($0)")?.contains(CheckpointFolder.Name.config) == true
        }
        if let first = inner.first {
            let others = inner.count > 1 ? ", and \(inner.count - 1) more folders in it hold one" : ""
            return refuse("the model is one folder further down\(others)", "Give \(path)/\(first)")
        }
        if names.contains(where: { $0.hasPrefix("models--") }) {
            let models = names.filter { $0.hasPrefix("models--") }.prefix(3).joined(separator: ", ")
            return refuse(
                "it is a Hugging Face cache with \(models)", "Give the folder below models--…/snapshots/ of one of them"
            )
        }
        if let parent, FolderListing.names(in: parent)?.contains(CheckpointFolder.Name.config) == true {
            return refuse("the model is one folder further up", "Give \(parent)")
        }
        if names.contains(where: { $0.hasSuffix(".gguf") }) { return refusalOfGGUF }
        if names.isEmpty { return refuse("it is empty", "Give the folder that holds config.json") }
        return refuse(
            "it has no \(CheckpointFolder.Name.config)",
            "Give the folder that transformers wrote with save_pretrained, or download config.json too")
    }

    /// The folder of the last step that a trial saved, where the path is the trial's folder, its `checkpoints` or that of a
    /// role; of several roles the first by name.
    private var newestCheckpoint: CheckpointPath? {
        let checkpoints = path + "/checkpoints"
        var roles = [path]
        roles += (names ?? []).map { "\(path)/\($0)" }
        roles += (FolderListing.names(in: checkpoints) ?? []).map { "\(checkpoints)/\($0)" }
        return roles.lazy.compactMap(Self.newestCheckpoint(of:)).first
    }

    private static func newestCheckpoint(of role: String) -> CheckpointPath? {
        CheckpointPath.steps(in: role).sorted(by: >).map { CheckpointPath(folder: role, step: $0) }.first {
            checkpoint in
            FolderListing.names(in: "\(checkpoint)")?.contains(CheckpointFolder.Name.config) == true
        }
    }

    /// Why a folder with a `config.json` has no weights that can be read.
    var refusalWithoutWeights: ComputeError {
        let names = names ?? []
        if names.contains("adapter_config.json") { return refusalOfAdapter }
        let partial = names.filter { name in
            [".incomplete", ".part", ".partial", ".aria2", ".crdownload", ".tmp"].contains { name.hasSuffix($0) }
        }
        if let first = partial.first {
            return refuse("its weights are only half downloaded, \(first) is left of it", "Download the model again")
        }
        if names.contains(where: { $0.hasSuffix(".bin") || $0.hasSuffix(".pt") || $0.hasSuffix(".pth") }) {
            return ComputeError(
                .damagedFile, summary: "The weights are pickled, which may run code when it is read.",
                detail: "\(path) has no \(CheckpointFolder.Name.weights) and no \(ShardIndex.fileName).",
                hint: """
                    Save them again as safetensors: python -c "from transformers import AutoModelForCausalLM as M; \
                    M.from_pretrained('\(path)').save_pretrained('\(path)')"
                    """)
        }
        if names.contains(where: { $0.hasSuffix(".gguf") }) { return refusalOfGGUF }
        if let shard = names.first(where: { $0.hasSuffix(".safetensors") }) {
            return ComputeError.damaged(
                path, "it has \(shard), but no \(CheckpointFolder.Name.weights) and no \(ShardIndex.fileName)",
                hint: "Download \(ShardIndex.fileName) too, which says which file has which tensor.")
        }
        return ComputeError.damaged(
            path, "it has no \(CheckpointFolder.Name.weights) and no \(ShardIndex.fileName)",
            hint: "Download the weights too, or give the folder that has them.")
    }

    private var refusalOfFile: ComputeError {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == EACCES {
                return refuse("a folder on the way to it may not be entered", "See which: namei -l '\(path)'")
            }
            return refuse("there is no such folder", "Check the path; a name of the hub must be downloaded first")
        }
        if path.hasSuffix(".gguf") { return refusalOfGGUF }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return refuse("it is a single file", "Give the folder that holds it: \(parent ?? ".")")
        }
        return refuse("it cannot be opened", "Check the folder's permissions")
    }

    private var refusalOfAdapter: ComputeError {
        let text = try? ReadableFile.contents(of: path + "/adapter_config.json", limit: ModelConfiguration.longestText)
        let base = text.flatMap { try? JSONParser.parse($0) }?["base_model_name_or_path"]?.asString
        return refuse(
            "it is a PEFT adapter\(base.map { " of \($0)" } ?? ""), not a whole model",
            """
            Merge it first: python -c "from peft import AutoPeftModelForCausalLM as M; \
            M.from_pretrained('\(path)').merge_and_unload().save_pretrained('\(path)-merged')" \
            and copy the tokenizer's files into that folder
            """)
    }

    /// `models--organization--name` with `blobs`, `refs` and `snapshots`.
    private var refusalOfHubRoot: ComputeError {
        let snapshots = (FolderListing.names(in: path + "/snapshots") ?? []).filter { !$0.hasPrefix(".") }
        let main = (try? ReadableFile.contents(of: path + "/refs/main", limit: 256)).map {
            String(decoding: $0.prefix { $0 > 0x20 }, as: UTF8.self)
        }
        guard let chosen = snapshots.first(where: { $0 == main }) ?? snapshots.last else {
            return refuse("it is a Hugging Face cache folder without a snapshot", "Download the model again")
        }
        return refuse("it is a Hugging Face cache folder", "Give \(path)/snapshots/\(chosen)")
    }

    private var refusalOfGGUF: ComputeError {
        refuse(
            "GGUF files are made for inference and cannot be trained on",
            "Get the model that it was made from: a folder with config.json and safetensors")
    }

    private var parent: String? {
        guard let cut = path.lastIndex(of: "/"), cut != path.startIndex else { return nil }
        return String(path[..<cut])
    }

    private func refuse(_ what: String, _ next: String) -> ComputeError {
        ComputeError(
            .damagedFile, summary: "\(path) is no model's folder: \(what).", detail: path, hint: next + ".")
    }
}
