import Protocol

extension ZeroMQSocket {
    /// The next message; nil when none has come after ten seconds.
    borrowing func next() throws -> [[UInt8]]? {
        if let frames = try receive() { return frames }
        _ = try Poller.wait([pollItem], timeout: .seconds(120))
        return try receive()
    }
}
