import Protocol

/// The checksums of the store's rows: which columns each covers, in order.
///
/// The ids of what a row belongs to are part of it, so a flipped id is found as well as a flipped value.
enum Checksum {
    /// A tail row; `id` names its column set.
    static func tail(id: Int64, attempt: Int64, step: Int64, time: Int64, packed: UnsafeRawBufferPointer) -> Int64 {
        var crc = CRC32()
        crc.add(id)
        crc.add(attempt)
        crc.add(step)
        crc.add(time)
        crc.add(packed)
        return Int64(crc.value)
    }

    static func columnSet(id: Int64, series: String) -> Int64 {
        var crc = CRC32()
        crc.add(id)
        crc.add(series)
        return Int64(crc.value)
    }

    static func chunk(series: Int64, block: Int64, blob: UnsafeRawBufferPointer) -> Int64 {
        var crc = CRC32()
        crc.add(series)
        crc.add(block)
        crc.add(blob)
        return Int64(crc.value)
    }

    /// Of a checkpoint's row.
    /// - Parameter time: nil for what rows of the first version have, which leaves the time out.
    static func checkpoint(
        attempt: Int64, step: Int64, role: String, path: String, bytes: Int64, time: Int64?
    ) -> Int64 {
        var crc = CRC32()
        for number in [attempt, step, bytes] + (time.map { [$0] } ?? []) { crc.add(number) }
        crc.add(role)
        crc.add("\u{0}")
        crc.add(path)
        return Int64(crc.value)
    }
}
