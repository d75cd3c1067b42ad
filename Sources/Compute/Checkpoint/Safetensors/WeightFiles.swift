internal import CKernels
internal import Protocol

/// The tensors of a model's folder, in one safetensors file or in the shards of an index, open for reading.
///
/// Links are followed, as the files of a Hugging Face cache are links; what they lead to must be a regular file.
package struct WeightFiles {
    private struct Place {
        let file: SafetensorsFile
        let entry: SafetensorsEntry
    }

    /// The file that errors about the whole name: the only one, or the index.
    package let path: String
    private let places: [String: Place]

    /// Opens every file and checks its header, and with shards that index and files agree.
    /// - Throws: `damagedFile` or `fileSystem` with the file, the tensor and the reason.
    package static func open(folder: String) throws(ComputeError) -> WeightFiles {
        guard let names = FolderListing.names(in: folder) else { throw ModelFolder(folder).refusal }
        // With both, `transformers` reads the one file.
        if names.contains(CheckpointFolder.Name.weights) {
            return try single(folder + "/" + CheckpointFolder.Name.weights)
        }
        if names.contains(ShardIndex.fileName) { return try sharded(folder) }
        throw ModelFolder(folder).refusalWithoutWeights
    }

    private static func single(_ path: String) throws(ComputeError) -> WeightFiles {
        let file = try SafetensorsFile.open(path)
        var places: [String: Place] = [:]
        for entry in file.header.entries {
            // Swift strings are equal when canonically equivalent, names in the file are not.
            guard places.updateValue(Place(file: file, entry: entry), forKey: entry.name) == nil else {
                throw ComputeError.damaged(path, "tensor '\(entry.name)' is there twice")
            }
        }
        return WeightFiles(path: path, places: places)
    }

    private static func sharded(_ folder: String) throws(ComputeError) -> WeightFiles {
        let path = folder + "/" + ShardIndex.fileName
        let text = try ReadableFile.contents(of: path, limit: Checkpoint.longestText)
        let index = try ShardIndex(json: text, path: path)
        var places: [String: Place] = [:]
        try ModelFolder(folder).requireShards(Set(index.files.values))
        for name in Set(index.files.values).sorted() {
            let file = try SafetensorsFile.open(folder + "/" + name)
            for entry in file.header.entries {
                guard let listed = index.files[entry.name] else {
                    throw ComputeError.damaged(file.path, "tensor '\(entry.name)' is not in \(ShardIndex.fileName)")
                }
                guard listed == name, places[entry.name] == nil else {
                    throw ComputeError.damaged(file.path, "tensor '\(entry.name)' is also in \(listed)")
                }
                places[entry.name] = Place(file: file, entry: entry)
            }
        }
        for (tensor, file) in index.files.sorted(by: { $0.key < $1.key }) where places[tensor] == nil {
            throw ComputeError.damaged(folder + "/" + file, "tensor '\(tensor)' is missing")
        }
        return WeightFiles(path: path, places: places)
    }
}

// MARK: - Reading

extension WeightFiles {
    /// Names of all tensors, sorted.
    package var names: [String] { places.keys.sorted() }

    /// Whether the folder has the tensor.
    package func contains(_ name: String) -> Bool { places[name] != nil }

    /// Whether a name begins so.
    func contains(prefix: String) -> Bool { places.keys.contains { $0.hasPrefix(prefix) } }

    /// Checks that a tensor is there, with that shape and a type of weights.
    package func check(_ name: String, shape: [Int]) throws(ComputeError) {
        _ = try place(of: name, shape: shape)
    }

    /// Reads one tensor as f32 into `target`, which has room for exactly its elements.
    package func read(
        _ name: String, shape: [Int], into target: UnsafeMutableBufferPointer<Float>,
    ) throws(ComputeError) {
        let place = try place(of: name, shape: shape)
        precondition(place.entry.count == target.count, "The target has the tensor's shape.")
        try place.file.read(place.entry, into: target)
        guard kernels_all_finite(target.baseAddress, target.count) else {
            throw ComputeError.damaged(place.file.path, "tensor '\(name)' holds a value that is not finite")
        }
    }

    /// Whether the elements of a tensor are exactly `values`.
    func holds(
        _ name: String, shape: [Int], _ values: UnsafeBufferPointer<Float>,
    ) throws(ComputeError) -> Bool {
        let place = try place(of: name, shape: shape)
        let piece = try Arena(count: min(1 << 18, values.count))
        var done = 0
        while done < values.count {
            let count = min(piece.count, values.count - done)
            let room = UnsafeMutableBufferPointer(rebasing: piece.floats[..<count])
            try place.file.read(place.entry, from: done, into: room)
            guard room.elementsEqual(values[done..<done + count]) else { return false }
            done += count
        }
        return true
    }

    /// An error about a tensor, naming the file that has it.
    func damaged(_ name: String, _ reason: String) -> ComputeError {
        ComputeError.damaged(places[name]?.file.path ?? path, "tensor '\(name)' \(reason)")
    }

    private func place(of name: String, shape: [Int]) throws(ComputeError) -> Place {
        guard let place = places[name] else { throw damaged(name, "is missing") }
        guard place.entry.shape == shape else {
            throw damaged(name, "has shape \(place.entry.shape), expected \(shape)")
        }
        guard place.entry.type.holdsWeights else {
            throw damaged(name, "of type \(place.entry.type.rawValue) holds no weights")
        }
        return place
    }
}
