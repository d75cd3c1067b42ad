/// Telemetry that nobody took, as a file: what a worker could not have stored when it left. The orchestrator takes it in
/// at its end, or at the trial's next start.
///
/// `ckspool1`, then each batch as its length and its CRC-32, both as 32-bit little-endian numbers, and its frame.
package enum TelemetrySpool {
    /// What a file that could not be read to its end is called from then on.
    package static let damagedSuffix = ".damaged"
    private static let mark = Array("ckspool1".utf8)

    /// Where a worker of the trial in `folder` leaves what was not stored of one of its lives.
    package static func path(in folder: String, worker: WorkerID, epoch: TelemetryEpoch) -> String {
        "\(self.folder(in: folder))/\(worker.fileName)-\(epoch.rawValue)"
    }

    /// The folder of these files; there is none where nothing was left.
    package static func folder(in trial: String) -> String { "\(trial)/spool" }

    /// The content of a file of `frames`.
    package static func bytes(of frames: [[UInt8]]) -> [UInt8] {
        var bytes = mark
        bytes.reserveCapacity(frames.reduce(mark.count) { $0 + $1.count + 8 })
        for frame in frames {
            for number in [UInt32(truncatingIfNeeded: frame.count), CRC32.of(frame)] {
                withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
            }
            bytes += frame
        }
        return bytes
    }

    /// The frames of a file up to where it is damaged, and whether that is its end.
    package static func frames(in bytes: [UInt8]) -> (frames: [[UInt8]], isWhole: Bool) {
        guard bytes.starts(with: mark) else { return ([], false) }
        func number(_ offset: Int) -> UInt32 {
            bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
        }
        var frames: [[UInt8]] = [], offset = mark.count
        while offset + 8 <= bytes.count {
            let count = Int(number(offset)), start = offset + 8
            guard count <= WireCodec.largestMessage, start + count <= bytes.count else { return (frames, false) }
            let frame = Array(bytes[start..<(start + count)])
            guard CRC32.of(frame) == number(offset + 4) else { return (frames, false) }
            frames.append(frame)
            offset = start + count
        }
        return (frames, offset == bytes.count)
    }
}
