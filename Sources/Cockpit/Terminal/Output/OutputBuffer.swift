import Glibc

/// Bytes on their way to a terminal that may not take them now.
struct OutputBuffer {
    private let descriptor: Int32
    private var waiting: ArraySlice<UInt8> = []

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    var isEmpty: Bool { waiting.isEmpty }

    mutating func send(_ text: String) {
        send(Array(text.utf8))
    }

    /// Sends what the terminal takes and keeps the rest, in order.
    mutating func send(_ bytes: [UInt8]) {
        waiting += bytes
        flush()
    }

    /// Tries again; a terminal that is gone takes everything, and nobody misses it.
    mutating func flush() {
        while !waiting.isEmpty {
            let count = waiting.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                waiting = waiting.dropFirst(count)
            } else if count < 0, errno == EINTR {
                continue
            } else if count < 0, errno == EAGAIN {
                return
            } else {
                waiting = []
            }
        }
        waiting = []
    }

    /// Forgets what waits.
    mutating func discard() {
        waiting = []
    }
}
