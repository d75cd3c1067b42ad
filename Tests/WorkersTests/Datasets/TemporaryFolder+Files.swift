import TestSupport

extension TemporaryFolder {
    /// A file of these bytes; returns its path.
    func file(_ name: String, _ bytes: [UInt8]) -> String { write(bytes, to: name) }

    /// A file of these lines; returns its path.
    func file(_ name: String, lines: [String]) -> String { write(lines.joined(separator: "\n") + "\n", to: name) }
}
