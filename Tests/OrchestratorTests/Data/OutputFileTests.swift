import Foundation
import Glibc
import Protocol
import TestSupport
import Testing

@testable import Orchestrator

/// What happens to the place that a person named for an output.
@Suite struct OutputFileTests {
    private let folder = TemporaryFolder()

    private func kind(_ path: String) -> mode_t {
        var information = stat()
        return lstat(path, &information) == 0 ? information.st_mode & S_IFMT : 0
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func `a new file and an old one have the text, and nothing is left beside them`() throws {
        let path = folder.file("out.txt")
        for content in ["first", "the second, which is longer", ""] {
            try OutputFile.write(content, to: path)
            #expect(try text(path) == content)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.txt"])
    }

    @Test func `an old file keeps its rights`() throws {
        let path = folder.write("old", to: "secret")
        chmod(path, 0o600)
        try OutputFile.write("new", to: path)
        var information = stat()
        #expect(stat(path, &information) == 0 && information.st_mode & 0o777 == 0o600)
    }

    @Test func `a link stays one and its target has the text, also one that was not there yet`() throws {
        folder.write("old", to: "target")
        for (link, target) in [("link", "target"), ("dangling", "made")] {
            let path = folder.file(link)
            #expect(symlink(target, path) == 0)
            try OutputFile.write("new", to: path)
            #expect(kind(path) == S_IFLNK)
            #expect(try text(folder.file(target)) == "new")
        }
    }

    @Test func `a second name of a file has the text too`() throws {
        let path = folder.write("old and long", to: "one"), other = folder.file("two")
        #expect(link(path, other) == 0)
        try OutputFile.write("new", to: path)
        #expect(try text(other) == "new")
    }

    @Test func `a pipe stays one and passes the text on`() throws {
        let path = folder.file("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        try OutputFile.write("through", to: path)
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(reader, &bytes, bytes.count)
        #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "through")
        #expect(kind(path) == S_IFIFO)
    }

    @Test func `a device takes the text and stays a device`() throws {
        let path = folder.file("null")
        // Only root can make a device of its own; the machine's is not to be risked by a test that may fail.
        guard mknod(path, S_IFCHR | 0o666, makeDevice(1, 3)) == 0 else { return }
        try OutputFile.write("gone", to: path)
        #expect(kind(path) == S_IFCHR)
    }

    @Test func `a disk that is full is told and an old file keeps its text`() {
        let error = #expect(throws: OutputFileError.self) { try OutputFile.write("x", to: "/dev/full") }
        #expect(error?.report.contains("No space left on device") == true)
        #expect(kind("/dev/full") == S_IFCHR)
    }

    @Test(arguments: ["missing/out", "."]) func `what cannot be written is named`(name: String) {
        let path = folder.file(name)
        let error = #expect(throws: OutputFileError.self) { try OutputFile.write("x", to: path) }
        #expect(error?.summary == "\(path) cannot be written")
    }

    private func makeDevice(_ major: UInt64, _ minor: UInt64) -> dev_t { dev_t(major << 8 | minor) }
}
