internal import CProcess
import Glibc
package import Protocol
package import Workers

/// What the plan check wants to know of the machine; values in tests, the machine itself in the product.
package struct MachineFacts: Sendable {
    /// Bytes of RAM that this process may use: what its control group leaves of the machine's; 0 when unknown.
    package var memory: Int
    /// Bytes free where trials are written; 0 when unknown.
    package var freeDisk: Int
    /// Threads that this process can keep running: its cores, or what its control group leaves of them.
    package var cores: Int
    package var files: FileFacts
    /// Opens what a plan names, as its workers would.
    package var rehearse: @Sendable (TrialPlan) throws -> TrialRehearsal

    package init(
        memory: Int, freeDisk: Int, cores: Int = 1, files: FileFacts,
        rehearse: @escaping @Sendable (TrialPlan) throws -> TrialRehearsal = { _ in TrialRehearsal() }
    ) {
        self.rehearse = rehearse
        self.cores = cores
        self.memory = memory
        self.freeDisk = freeDisk
        self.files = files
    }

    /// This machine, with the disk that holds `home`.
    package static func current(home: HomeFolder) -> MachineFacts {
        let pages = sysconf(Int32(_SC_PHYS_PAGES)), pageSize = sysconf(Int32(_SC_PAGESIZE))
        let group = ControlGroup.current
        return MachineFacts(
            memory: group.memory(of: pages * pageSize), freeDisk: freeBytes(at: home.path),
            cores: group.threads(of: Int(cprocess_allowed_cores())), files: .system,
            rehearse: { try TrialRehearsal.run($0) })
    }

    /// Free bytes of the disk that holds `path`, or would once it is made.
    private static func freeBytes(at path: String) -> Int {
        var folder = path
        var information = statvfs()
        while statvfs(folder, &information) != 0 {
            guard let slash = folder.lastIndex(of: "/"), folder != "/" else { return 0 }
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        }
        return Int(information.f_bavail) * Int(information.f_frsize)
    }
}

/// Looking at files without reading them.
package struct FileFacts: Sendable {
    package enum Kind: Sendable {
        case file
        case folder
        case nothing
        /// A folder on the way to it may not be entered, so that nobody can say.
        case unreachable
    }

    package var kind: @Sendable (String) -> Kind

    package init(kind: @escaping @Sendable (String) -> Kind) { self.kind = kind }

    package static let system = FileFacts(kind: systemKind)
}

@Sendable private func systemKind(_ path: String) -> FileFacts.Kind {
    var information = stat()
    guard stat(path, &information) == 0 else { return errno == EACCES ? .unreachable : .nothing }
    return information.st_mode & S_IFMT == S_IFDIR ? .folder : .file
}
