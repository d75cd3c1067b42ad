import Protocol
import TestSupport
import Testing

@Suite struct TelemetrySpoolTests {
    @Test func `frames come back as they were`() {
        for frames in [[], [[]], [[1, 2, 3]], [[], Array(repeating: 7, count: 70_000), [0]]] as [[[UInt8]]] {
            let (read, isWhole) = TelemetrySpool.frames(in: TelemetrySpool.bytes(of: frames))
            #expect(read == frames)
            #expect(isWhole)
        }
    }

    @Test func `a file that is cut anywhere gives the frames before the cut, and says that it is not whole`() {
        let frames: [[UInt8]] = [[1], [2, 2], [3, 3, 3]]
        let bytes = TelemetrySpool.bytes(of: frames)
        let ends = [8, 17, 27, 38]
        for length in 0..<bytes.count {
            let (read, isWhole) = TelemetrySpool.frames(in: Array(bytes.prefix(length)))
            #expect(read == Array(frames.prefix(ends.filter { $0 <= length }.count - (length < 8 ? 0 : 1))))
            #expect(isWhole == ends.contains(length))
        }
    }

    @Test func `a flipped bit ends it before the frame it is in`() {
        let frames: [[UInt8]] = [[1], [2, 2], [3, 3, 3]]
        let bytes = TelemetrySpool.bytes(of: frames)
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << bit
                let (read, isWhole) = TelemetrySpool.frames(in: damaged)
                #expect(!isWhole, "byte \(index)")
                #expect(Array(frames.prefix(read.count)) == read, "byte \(index)")
            }
        }
    }
}

@Suite struct DiskRoomTests {
    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_249_999, "1.2 MB"), (20_000_000, "20.0 MB"),
            (999_999, "999.9 kB"), (3_500_000_000, "3.5 GB"),
        ] as [(UInt64, String)])
    func `bytes are said as a person says them`(bytes: UInt64, words: String) {
        #expect(DiskRoom.words(bytes) == words)
    }

    @Test func `a path that is not there yet has the room of where it will lie`() throws {
        let folder = TemporaryFolder()
        let here = try #require(DiskRoom.at(folder.path)), later = try #require(DiskRoom.at(folder.file("a/b/c")))
        #expect(here.total == later.total)
        #expect(DiskRoom.at("no/such/place") == nil)
    }
}
