import Glibc

/// The names inside a folder.
package enum FolderListing {
    /// All names but `.` and `..`, sorted; nil with `errno` set when the folder cannot be opened.
    package static func names(in path: String) -> [String]? {
        guard let handle = opendir(path) else { return nil }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            // SAFETY: d_name is NUL-terminated and lives until the next readdir; it is copied here.
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
