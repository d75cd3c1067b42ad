import Foundation
import Glibc

/// The two things a checkpoint's folder needs done to it as a whole.
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

    /// Removes a folder; one that cannot be removed only costs room, so the training goes on.
    ///
    /// It gets a hidden name first, in one step: a process that is killed while it removes the files must not leave a
    /// folder that looks like a checkpoint to go on from.
    static func remove(_ path: String) {
        let place = URL(fileURLWithPath: path)
        let doomed = place.deletingLastPathComponent().appendingPathComponent(".\(place.lastPathComponent).removed")
            .path
        try? FileManager.default.removeItem(atPath: doomed)
        guard rename(path, doomed) == 0 else { return }
        try? FileManager.default.removeItem(atPath: doomed)
    }
}
