import Foundation

/// The two things a checkpoint's folder needs done to it as a whole.
enum CheckpointOnDisk {
    /// Bytes of the files directly in a folder.
    static func bytes(of path: String) -> UInt64 {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.reduce(0) { total, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
            return total + ((attributes?[.size] as? NSNumber)?.uint64Value ?? 0)
        }
    }

    /// Removes a folder; one that cannot be removed only costs room, so the training goes on.
    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
