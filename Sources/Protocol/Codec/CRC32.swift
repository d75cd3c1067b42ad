/// The CRC-32 of IEEE 802.3, as zlib computes it, taken over fields one after another.
///
/// Neither SQLite's pages nor a checkpoint's files have a checksum of their own: a flipped bit changes a value in silence.
/// Packed rows, sealed chunks and the manifests of checkpoints therefore carry this.
package struct CRC32: Sendable {
    private var state: UInt32 = .max

    /// The checksum of everything added so far.
    package var value: UInt32 { ~state }

    package init() {}

    /// Adds the bytes as they are.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var crc = state
        Self.tables.withUnsafeBufferPointer { table in
            var index = 0
            while index + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian ^ UInt64(crc)
                crc = table[0x700 + Int(word & 0xff)] ^ table[0x600 + Int((word >> 8) & 0xff)]
                crc ^= table[0x500 + Int((word >> 16) & 0xff)] ^ table[0x400 + Int((word >> 24) & 0xff)]
                crc ^= table[0x300 + Int((word >> 32) & 0xff)] ^ table[0x200 + Int((word >> 40) & 0xff)]
                crc ^= table[0x100 + Int((word >> 48) & 0xff)] ^ table[Int(word >> 56)]
                index += 8
            }
            while index < bytes.count {
                crc = table[Int((crc ^ UInt32(bytes[index])) & 0xff)] ^ (crc >> 8)
                index += 1
            }
        }
        state = crc
    }

    /// Adds bytes, text as UTF-8, or a number in little-endian order.
    package mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

    package mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    package mutating func add(_ number: Int64) { withUnsafeBytes(of: number.littleEndian) { add($0) } }

    package mutating func add(_ number: Double) { add(Int64(bitPattern: number.bitPattern)) }

    /// The checksum of one run of bytes.
    package static func of(_ bytes: [UInt8]) -> UInt32 {
        var crc = CRC32()
        crc.add(bytes)
        return crc.value
    }

    /// Eight tables of 256 entries: table k advances a byte over k further zero bytes, so eight go in one step.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            tables[byte] = (0..<8).reduce(UInt32(byte)) { crc, _ in (crc >> 1) ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = tables[Int(before & 0xff)] ^ (before >> 8)
        }
        return tables
    }()
}
