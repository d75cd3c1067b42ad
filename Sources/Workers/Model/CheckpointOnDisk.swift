import Foundation

/// What can be asked about a checkpoint's folder as a whole.
enum CheckpointOnDisk {
    /// Bytes of all files in a folder and the folders in it.
    static func bytes(of path: String) -> UInt64 {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        return names.reduce(0) { total, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
            guard attributes?[.type] as? FileAttributeType == .typeRegular else { return total }
            return total + ((attributes?[.size] as? NSNumber)?.uint64Value ?? 0)
        }
    }

    /// Whether it has its manifest, which is written last.
    static func isWhole(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/manifest.json") }
}
