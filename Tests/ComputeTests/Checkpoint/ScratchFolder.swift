import Glibc

@testable import Compute

/// A folder of a test's own, removed with the last reference.
final class ScratchFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/compute-tests-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileFault("mkdtemp", "/tmp", number: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? SystemFiles().removeFolder(path) }

    /// Writes a file of these bytes and returns its path.
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try ScratchFolder.overwrite(path + "/" + name, with: bytes)
        return path + "/" + name
    }

    /// The bytes of a file.
    static func read(_ path: String) throws -> [UInt8] {
        try ReadableFile.contents(of: path, limit: 1 << 30)
    }

    /// Replaces a file's bytes.
    static func overwrite(_ path: String, with bytes: [UInt8]) throws {
        let files = SystemFiles()
        let descriptor = try files.create(path)
        try bytes.withBytes { (buffer) throws(FileFault) in try files.write(buffer, to: descriptor, path: path) }
        try files.finish(descriptor, path: path)
    }
}
