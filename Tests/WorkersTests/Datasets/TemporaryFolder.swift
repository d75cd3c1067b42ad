import Foundation

/// A folder of one test, gone with it.
final class TemporaryFolder {
    let path: String

    /// The name is short because socket paths are.
    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/w\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let place = "\(path)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: place))
        return place
    }

    func file(_ name: String, lines: [String]) throws -> String {
        try file(name, Array((lines.joined(separator: "\n") + "\n").utf8))
    }
}
