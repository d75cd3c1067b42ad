/// A safetensors file open for reading: the checked header, and tensors widened to f32 on demand. Closed with its last
/// reference.
package final class SafetensorsFile {
    package let header: SafetensorsHeader
    private let file: ReadableFile

    private init(header: SafetensorsHeader, file: consuming ReadableFile) {
        self.header = header
        self.file = file
    }

    private static let again = "The file is cut or altered: copy or download it again, or choose an older checkpoint."

    /// The file's path, for errors.
    package var path: String { file.path }

    /// Opens a file and checks its whole header; throws `damaged` with the tensor and the reason.
    package static func open(_ path: String) throws(ComputeError) -> SafetensorsFile {
        let file = try ReadableFile.open(path)
        let prefixLength = SafetensorsHeader.prefixLength
        let prefix = try file.bytes(0..<min(prefixLength, file.size))
        let length: Int
        do { length = try SafetensorsHeader.length(prefix: prefix, fileSize: file.size) } catch {
            throw ComputeError.damaged(path, error.text, hint: Self.again)
        }
        let text = try file.bytes(prefixLength..<prefixLength + length)
        let header: SafetensorsHeader
        do { header = try SafetensorsHeader(text: text, fileSize: file.size) } catch {
            throw ComputeError.damaged(path, error.text, hint: Self.again)
        }
        return SafetensorsFile(header: header, file: file)
    }

    /// Reads one tensor as f32 into `target`, which must have room for exactly its elements.
    ///
    /// Throws `damaged` when the tensor is absent, has another shape than `shape`, or no floating-point type.
    package func read(
        _ name: String, shape: [Int], into target: UnsafeMutableBufferPointer<Float>,
    ) throws(ComputeError) {
        guard let entry = header.entry(named: name) else {
            throw ComputeError.damaged(file.path, "tensor '\(name)' is missing")
        }
        guard entry.shape == shape, entry.count == target.count else {
            throw ComputeError.damaged(file.path, "tensor '\(name)' has shape \(entry.shape), expected \(shape)")
        }
        try read(entry, into: target)
    }

    /// Reads the elements of an entry of this file from `first` on, as many as `target` has room for, as f32.
    package func read(
        _ entry: SafetensorsEntry, from first: Int = 0, into target: UnsafeMutableBufferPointer<Float>,
    ) throws(ComputeError) {
        precondition(first >= 0 && target.count <= entry.count - first, "The entry has the elements.")
        let start = header.dataStart + entry.bytes.lowerBound + first * entry.type.byteWidth
        if entry.type == .float32 {
            try file.read(into: UnsafeMutableRawBufferPointer(target), at: start)
        } else {
            try widen(entry, from: start, into: target)
        }
    }

    private func widen(
        _ entry: SafetensorsEntry, from start: Int, into target: UnsafeMutableBufferPointer<Float>,
    ) throws(ComputeError) {
        let width = entry.type.byteWidth
        let longestPiece = 1 << 18
        var done = 0
        while done < target.count {
            let count = min(longestPiece, target.count - done)
            let piece = try file.bytes(start + done * width..<start + (done + count) * width)
            let room = UnsafeMutableBufferPointer(rebasing: target[done..<done + count])
            guard piece.withUnsafeBytes({ entry.type.widen($0, into: room) }) != nil else {
                throw ComputeError.damaged(
                    file.path, "tensor '\(entry.name)' of type \(entry.type.rawValue) holds no weights")
            }
            done += count
        }
    }
}
