import Glibc

/// The 0700 folder that holds one trial's sockets.
///
/// It lies under the home folder where the paths fit into a socket address, else under /tmp with the user's id in its
/// name; a folder there that belongs to somebody else, or is open to others, is refused.
package struct RuntimeFolder: Sendable, Hashable {
    package let path: String

    /// A folder that exists, as a worker is told of it.
    package init(path: String) { self.path = path }

    /// The name the folder of `trial` has, whether it exists or not.
    package static func expected(for trial: TrialFolder) -> RuntimeFolder {
        let short = "\(trial.home.path)/sockets/\(fingerprint(of: trial.path))"
        let longestName = "/master_send_9999"
        if short.utf8.count + longestName.utf8.count <= Endpoint.longestPath { return RuntimeFolder(path: short) }
        return RuntimeFolder(path: "/tmp/cockpit-\(getuid())-\(fingerprint(of: trial.path))")
    }

    /// Makes the folder, or takes over the one an earlier orchestrator left, removing its stale sockets.
    package static func create(for trial: TrialFolder) throws(TransportError) -> RuntimeFolder {
        let folder = expected(for: trial)
        try folder.make()
        folder.removeSockets()
        return folder
    }

    /// Makes the folder where it is missing.
    package func make() throws(TransportError) {
        let parent = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
        for place in [parent, path] where mkdir(place, 0o700) != 0 && errno != EEXIST {
            throw TransportError(.folder, place: place, reason: String(cString: strerror(errno)))
        }
        try checkOwner()
    }

    /// Refuses a folder that others could reach.
    package func checkOwner() throws(TransportError) {
        var information = stat()
        guard lstat(path, &information) == 0 else {
            throw TransportError(.folder, place: path, reason: String(cString: strerror(errno)))
        }
        guard information.st_mode & S_IFMT == S_IFDIR else {
            throw TransportError(.folder, place: path, reason: "it is no folder")
        }
        guard information.st_uid == getuid() else {
            throw TransportError(.folder, place: path, reason: "it belongs to another user")
        }
        guard information.st_mode & 0o077 == 0 else {
            throw TransportError(.folder, place: path, reason: "others may enter it; make it mode 0700")
        }
    }

    /// Removes the socket files and the folder itself, as the last act of an orchestrator.
    package func remove() {
        removeSockets()
        rmdir(path)
    }

    private func removeSockets() {
        for name in FolderListing.names(in: path) ?? [] { unlink("\(path)/\(name)") }
    }

    /// FNV-1a of the trial's path: short, and the same from every process.
    private static func fingerprint(of text: String) -> String {
        let hash = text.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Orchestrator ROUTER ← workers' control threads.
    package func control() throws(TransportError) -> Endpoint { try .ipc("\(path)/control") }
    /// Orchestrator ROUTER ← workers' telemetry threads.
    package func telemetry() throws(TransportError) -> Endpoint { try .ipc("\(path)/telemetry") }
    /// Orchestrator ROUTER ← dashboards and commands.
    package func commands() throws(TransportError) -> Endpoint { try .ipc("\(path)/commands") }
    /// Master PUSH → model worker `index`.
    package func masterSend(to index: Int) throws(TransportError) -> Endpoint {
        try .ipc("\(path)/master_send_\(index)")
    }
    /// Master PULL ← every model worker.
    package func masterReceive() throws(TransportError) -> Endpoint { try .ipc("\(path)/master_recv") }
    /// Model worker `index` PULL ← its peers' tensors.
    package func data(_ index: Int) throws(TransportError) -> Endpoint { try .ipc("\(path)/data_\(index)") }
}
