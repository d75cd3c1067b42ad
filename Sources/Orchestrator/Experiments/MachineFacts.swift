internal import CProcess
import Glibc
package import Protocol

/// What the plan check wants to know of the machine; values in tests, the machine itself in the product.
package struct MachineFacts: Sendable {
    /// Bytes of RAM; 0 when unknown.
    package var memory: Int
    /// Bytes free where trials are written; 0 when unknown.
    package var freeDisk: Int
    /// Cores this process may run on.
    package var cores: Int
    package var files: FileFacts

    package init(memory: Int, freeDisk: Int, cores: Int = 1, files: FileFacts) {
        self.cores = cores
        self.memory = memory
        self.freeDisk = freeDisk
        self.files = files
    }

    /// This machine, with the disk that holds `home`.
    package static func current(home: HomeFolder) -> MachineFacts {
        let pages = sysconf(Int32(_SC_PHYS_PAGES)), pageSize = sysconf(Int32(_SC_PAGESIZE))
        return MachineFacts(
            memory: pages * pageSize, freeDisk: freeBytes(at: home.path), cores: Int(cprocess_allowed_cores()),
            files: .system)
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

/// Looking at files without reading all of them.
package struct FileFacts: Sendable {
    package enum Kind: Sendable {
        case file
        case folder
        case nothing
    }

    package var kind: @Sendable (String) -> Kind
    /// Rows that are not blank, counted up to a limit; nil when the file cannot be read.
    package var rows: @Sendable (_ path: String, _ limit: Int) -> Int?

    package init(kind: @escaping @Sendable (String) -> Kind, rows: @escaping @Sendable (String, Int) -> Int?) {
        self.kind = kind
        self.rows = rows
    }

    package static let system = FileFacts(kind: systemKind, rows: systemRows)
}

@Sendable private func systemKind(_ path: String) -> FileFacts.Kind {
    var information = stat()
    guard stat(path, &information) == 0 else { return .nothing }
    return information.st_mode & S_IFMT == S_IFDIR ? .folder : .file
}

@Sendable private func systemRows(_ path: String, _ limit: Int) -> Int? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var rows = 0, hasText = false
    while rows < limit {
        let got = read(descriptor, &buffer, buffer.count)
        if got < 0 { return nil }
        if got == 0 { return rows + (hasText ? 1 : 0) }
        for byte in buffer[..<got] {
            if byte == UInt8(ascii: "\n") {
                rows += hasText ? 1 : 0
                hasText = false
            } else if byte > UInt8(ascii: " ") {
                hasText = true
            }
        }
    }
    return rows
}
