import Glibc
import Protocol

/// A file open for reading at any offset; closed with its owner.
///
/// Read, not mapped: a mapped file that somebody truncates ends the process with SIGBUS, a short read is an error.
package struct ReadableFile: ~Copyable {
    package let path: String
    package let size: Int
    private let descriptor: Int32

    private init(path: String, size: Int, descriptor: Int32) {
        self.path = path
        self.size = size
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Opens a regular file.
    package static func open(_ path: String) throws(ComputeError) -> ReadableFile {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw ComputeError.file(FileFault("open", path, number: errno)) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ComputeError.file(FileFault("open", path, number: EISDIR))
        }
        return ReadableFile(path: path, size: Int(status.st_size), descriptor: descriptor)
    }

    /// Fills `buffer` from `offset`; a file that ends earlier is a fault.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(ComputeError) {
        guard let start = buffer.baseAddress else { return }
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, start + done, buffer.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ComputeError.file(FileFault("read", path, number: count == 0 ? EIO : errno)) }
            done += count
        }
    }

    /// The bytes of a range.
    package func bytes(_ range: Range<Int>) throws(ComputeError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var fault: ComputeError?
        bytes.withUnsafeMutableBytes { buffer in
            do throws(ComputeError) { try read(into: buffer, at: range.lowerBound) } catch { fault = error }
        }
        if let fault { throw fault }
        return bytes
    }

    /// The whole file, refused above `limit` bytes.
    package static func contents(of path: String, limit: Int) throws(ComputeError) -> [UInt8] {
        let file = try open(path)
        guard file.size <= limit else { throw ComputeError.file(FileFault("read", path, number: EFBIG)) }
        return try file.bytes(0..<file.size)
    }

    /// The checksum of the whole file, read in pieces.
    package func checksum() throws(ComputeError) -> UInt32 {
        var crc = CRC32()
        var offset = 0
        while offset < size {
            let end = min(offset + (1 << 20), size)
            try bytes(offset..<end).withUnsafeBytes { crc.add($0) }
            offset = end
        }
        return crc.value
    }
}
