import Foundation
import Glibc
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `The stamp of a file` {
    private let folder = TemporaryFolder()

    @Test func `stays while nothing happens to the file, and tells a change whose time was set back`() throws {
        let path = folder.write("abc", to: "weights")
        var before = stat()
        #expect(stat(path, &before) == 0)
        let stamp = FileStamp(path)
        #expect(FileStamp(path) == stamp)
        let handle = try #require(FileHandle(forWritingAtPath: path))
        // The clock of files moves in steps of some milliseconds.
        #expect(
            eventually {
                handle.seek(toFileOffset: 0)
                handle.write(Data("abd".utf8))
                let times = [before.st_atim, before.st_mtim]
                return utimensat(AT_FDCWD, path, times, 0) == 0 && FileStamp(path) != stamp
            })
    }

    @Test func `of a file that is not there is that of none`() {
        #expect(FileStamp(folder.file("a")) == FileStamp(folder.file("b")))
    }
}
