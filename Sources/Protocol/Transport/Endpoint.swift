/// Where a socket binds or connects. TCP is deliberately absent: nothing here listens on a network.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// The address in ZeroMQ's form.
    package var description: String { "ipc://\(path)" }

    private init(path: String) { self.path = path }

    /// The socket file.
    let path: String

    /// The longest path a Unix socket address can hold, less the terminating zero.
    package static let longestPath = 107

    /// A socket file; its folder's permissions guard it.
    package static func ipc(_ path: String) throws(TransportError) -> Endpoint {
        guard path.utf8.count <= longestPath else {
            throw TransportError(
                .pathTooLong, place: path, reason: "\(path.utf8.count) bytes, the system allows \(longestPath)")
        }
        return Endpoint(path: path)
    }
}
