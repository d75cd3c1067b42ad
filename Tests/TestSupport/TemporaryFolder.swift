import Foundation
import Glibc

/// A folder of its own for one test, gone with it. Its path is short enough for sockets.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() {
        var template = Array("/tmp/ck-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
        }
        precondition(!path.isEmpty, "no temporary folder could be made")
    }

    // A folder that cannot be removed hurts no later test: each has its own.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of `name` inside the folder.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes `bytes` to `name` and returns its path.
    @discardableResult
    package func write(_ bytes: some Sequence<UInt8>, to name: String) -> String {
        let path = file(name)
        let descriptor = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        precondition(descriptor >= 0, "cannot write \(path)")
        defer { close(descriptor) }
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            precondition(written > 0, "cannot write \(path)")
            rest = rest.dropFirst(written)
        }
        return path
    }

    @discardableResult
    package func write(_ text: String, to name: String) -> String { write(text.utf8, to: name) }
}
