import Glibc

/// Whole files as bytes, for tests that copy, cut and damage them.
enum FileBytes {
    struct Unreadable: Error {
        let path: String
    }

    static func read(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw Unreadable(path: path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count <= 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    static func size(_ path: String) throws -> Int {
        var information = stat()
        guard stat(path, &information) == 0 else { throw Unreadable(path: path) }
        return Int(information.st_size)
    }

    static func remove(_ path: String) { unlink(path) }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
