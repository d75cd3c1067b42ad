/// Where a socket binds or connects. TCP is deliberately absent: nothing here listens on a network.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// The address in ZeroMQ's form.
    package let description: String

    private init(description: String) { self.description = description }

    /// The socket file, where there is one.
    var path: String? {
        let scheme = "ipc://"
        return description.hasPrefix(scheme) ? String(description.dropFirst(scheme.count)) : nil
    }

    /// The longest path a Unix socket address can hold, less the terminating zero.
    package static let longestPath = 107

    /// A socket file; its folder's permissions guard it.
    package static func ipc(_ path: String) throws(TransportError) -> Endpoint {
        guard path.utf8.count <= longestPath else {
            throw TransportError(
                .pathTooLong, place: path, reason: "\(path.utf8.count) bytes, the system allows \(longestPath)")
        }
        return Endpoint(description: "ipc://\(path)")
    }

    /// Between threads of one process that share a context.
    package static func inproc(_ name: String) -> Endpoint { Endpoint(description: "inproc://\(name)") }
}
