import Protocol

/// The checkpoints of one model role: `<path>/step-N/`, each whole or not there at all.
///
/// A checkpoint is written to a hidden folder beside its place, every file and the folder are put on the disk, the
/// folder is renamed, and its parent is put on the disk. A crash at any point leaves the earlier checkpoints as they
/// were. One writer per folder.
package struct CheckpointFolder: Sendable {
    /// The folder that holds the step folders.
    package let path: String
    private let files: any CheckpointFiles

    package init(path: String, files: any CheckpointFiles = SystemFiles()) {
        self.path = path
        self.files = files
    }

    /// Names of the files in a checkpoint.
    package enum Name {
        package static let config = ModelFileNames.configuration
        package static let weights = ModelFileNames.weights
        /// The weights before the adapter was merged into them, and the adapter.
        package static let unmerged = "unmerged.safetensors"
        /// The adapter alone, a folder as PEFT reads it.
        package static let adapter = "adapter"
        package static let optimizer = "optimizer.safetensors"
        package static let state = "state.json"
        package static let tokenizer = ModelFileNames.tokenizer
    }

    /// Writes a checkpoint and returns its folder; one of the same step is replaced.
    ///
    /// Throws `notFinite` before anything is written when a weight or moment is NaN or infinite, `fileSystem` when the
    /// system refuses an operation; then every earlier checkpoint is still loadable.
    @discardableResult
    package func save(_ content: CheckpointContent) throws(ComputeError) -> String {
        try content.checkFinite()
        do throws(FileFault) {
            return try write(content)
        } catch {
            throw ComputeError.file(error)
        }
    }

    private func write(_ content: CheckpointContent) throws(FileFault) -> String {
        let place = CheckpointPath(folder: path, step: content.state.step), partial = place.partial
        try makeFolders()
        try files.removeFolder(partial)
        do throws(FileFault) {
            try files.makeFolder(partial)
            try CheckpointWriter(folder: partial, files: files).write(content)
            try files.syncFolder(partial)
            try moveIntoPlace(place)
        } catch {
            // The disk may be full: what was written so far is of no use, and failing to remove it changes nothing.
            try? files.removeFolder(partial)
            throw error
        }
        return "\(place)"
    }

    /// Renames the finished folder to its place. A folder already there steps aside first, under a name a person
    /// understands, so that no moment is without a whole checkpoint of that step.
    private func moveIntoPlace(_ checkpoint: CheckpointPath) throws(FileFault) {
        let place = "\(checkpoint)"
        if FolderListing.names(in: place) != nil {
            try files.removeFolder(checkpoint.aside)
            try files.rename(place, to: checkpoint.aside)
        }
        try files.rename(checkpoint.partial, to: place)
        try files.syncFolder(path)
        try files.removeFolder(checkpoint.aside)
    }

    private func makeFolders() throws(FileFault) {
        var prefix = path.hasPrefix("/") ? "" : "."
        for component in path.split(separator: "/") {
            let parent = prefix.isEmpty ? "/" : prefix
            prefix += "/" + component
            guard FolderListing.names(in: prefix) == nil else { continue }
            try files.makeFolder(prefix)
            try files.syncFolder(parent)
        }
    }
}
