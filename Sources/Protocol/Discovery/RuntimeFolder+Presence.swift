import Glibc

extension RuntimeFolder {
    /// Whether a process listens for commands there, whatever the files of its trial say. The socket that a killed one
    /// left is answered by nobody; what connects and says nothing harms none that lives.
    package var isServed: Bool {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array("\(path)/commands".utf8)
        // One byte stays 0, which ends the name.
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        // SAFETY: the address lives through the call, and its first field is that of every kind of address.
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // One that stands has a full queue, and still holds the trial.
        return result == 0 || errno == EAGAIN
    }
}
