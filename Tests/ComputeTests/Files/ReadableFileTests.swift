import Glibc
import Protocol
import Testing

@testable import Compute

@Suite struct `Readable file` {
    @Test func `any range gives its bytes and a range beyond the end is an error`() throws {
        let scratch = try ScratchFolder()
        let bytes = (0..<97).map { UInt8($0) }
        let file = try ReadableFile.open(scratch.write(bytes, to: "f"))
        var random = SeededGenerator(seed: 2)
        for _ in 0..<200 {
            let start = Int.random(in: 0...97, using: &random)
            let end = Int.random(in: start...120, using: &random)
            if end <= 97 {
                #expect(try file.bytes(start..<end) == Array(bytes[start..<end]))
            } else {
                let error = #expect(throws: ComputeError.self) { _ = try file.bytes(start..<end) }
                #expect(error?.summary == "Cannot read f: Input/output error")
            }
        }
    }

    @Test func `a file is read whole up to its limit and refused beyond`() throws {
        let scratch = try ScratchFolder()
        let path = try scratch.write([7, 8, 9], to: "f")
        #expect(try ReadableFile.contents(of: path, limit: 3) == [7, 8, 9])
        let error = #expect(throws: ComputeError.self) { try ReadableFile.contents(of: path, limit: 2) }
        #expect(error?.summary == "Cannot read f: File too large")
        #expect(try ReadableFile.contents(of: scratch.write([], to: "empty"), limit: 0) == [])
    }

    @Test(arguments: [
        ("open", EACCES, "Check that this user may read the file and enter its folder."),
        ("open", ENOENT, "Check that the file is there and whole."),
        ("open", EISDIR, "Put a regular file, or a link to one, in its place."),
        ("read", EFBIG, "It is larger than such a file can be: check that it is what its name says."),
        ("write", EFBIG, "No file may grow beyond what `ulimit -f` says: raise it and start again."),
        ("create", EACCES, "Check that the disk has room and the folder may be written."),
    ])
    func `what helps a file that cannot be read is another thing than for one that cannot be written`(
        operation: String, number: Int32, hint: String
    ) {
        #expect(ComputeError.file(FileFault(operation, "/folder/f", number: number)).hint == hint)
    }

    @Test func `a checksum over several pieces is that of the whole`() throws {
        let scratch = try ScratchFolder()
        let bytes = [UInt8](unsafeUninitializedCapacity: (1 << 20) + 4099) { buffer, count in
            for index in buffer.indices { buffer[index] = UInt8(truncatingIfNeeded: index &* 31 >> 3) }
            count = buffer.count
        }
        let file = try ReadableFile.open(scratch.write(bytes, to: "f"))
        #expect(try file.checksum() == CRC32.of(bytes))
    }

    @Test func `a named pipe is refused at once instead of waiting for a writer`() throws {
        let scratch = try ScratchFolder()
        #expect(mkfifo(scratch.path + "/pipe", 0o600) == 0)
        #expect(throws: ComputeError.self) { _ = try ReadableFile.open(scratch.path + "/pipe") }
    }
}
