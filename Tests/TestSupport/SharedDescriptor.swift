import Foundation

/// A second descriptor of a file that this process has open, as a child has it between fork and exec.
package final class SharedDescriptor {
    private let copy: Int32

    /// nil where this process has no file at `path` open.
    package init?(path: String) {
        for descriptor in Int32(0)..<4096 {
            guard (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")) == path
            else {
                continue
            }
            copy = dup(descriptor)
            return
        }
        return nil
    }

    deinit { close(copy) }
}
