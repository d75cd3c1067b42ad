import Glibc

/// Where a socket binds or connects. What a kind of address needs, how it is guarded and whether it is still there, is here
/// and known to nobody else. The only kind is a socket file: nothing here listens on a network, and one that did would
/// have to bring its own guard, as the folder of a socket file is one.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    private enum Kind: Sendable, Hashable {
        /// A Unix socket at this path.
        case file(String)
    }

    private let kind: Kind

    /// The address in ZeroMQ's form.
    package var description: String {
        switch kind {
        case .file(let path): "ipc://\(path)"
        }
    }

    /// The longest path a Unix socket address can hold, less the terminating zero.
    package static let longestPath = 107

    /// A socket file; its folder's permissions guard it.
    package static func ipc(_ path: String) throws(TransportError) -> Endpoint {
        guard path.utf8.count <= longestPath else {
            throw TransportError(
                .pathTooLong, place: path, reason: "\(path.utf8.count) bytes, the system allows \(longestPath)")
        }
        return Endpoint(kind: .file(path))
    }

    /// Keeps others from an address that has just been bound: a socket file gets mode 0600.
    ///
    /// The mode is set after the file is there: the umask belongs to the whole process, and changing it here would change
    /// what other threads create. Until then the 0700 folder guards it.
    func guardAfterBinding() throws(TransportError) {
        switch kind {
        case .file(let path):
            if chmod(path, 0o600) != 0 {
                throw TransportError(.bind, place: path, reason: String(cString: strerror(errno)))
            }
        }
    }

    /// Whether nobody can reach the address any more, although a socket is bound to it: somebody has cleared the folder.
    var isSweptAway: Bool {
        switch kind {
        case .file(let path): access(path, F_OK) != 0
        }
    }
}
