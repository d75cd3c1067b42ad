/// The CRC-32 of zlib and PNG (polynomial 0xEDB88320), computed over as many pieces as one likes.
package struct CRC32: Sendable, Equatable {
    private var state: UInt32 = 0xFFFF_FFFF

    package init() {}

    /// The checksum of everything appended so far.
    package var value: UInt32 { ~state }

    /// Takes the next bytes in; eight at a time through eight tables.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var crc = state
        var position = 0
        Self.tables.withUnsafeBufferPointer { table in
            while position + 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                let low = UInt32(truncatingIfNeeded: word) ^ crc
                let high = UInt32(truncatingIfNeeded: word >> 32)
                crc =
                    table[7 * 256 + Int(low & 0xFF)] ^ table[6 * 256 + Int(low >> 8 & 0xFF)]
                    ^ table[5 * 256 + Int(low >> 16 & 0xFF)] ^ table[4 * 256 + Int(low >> 24)]
                crc ^=
                    table[3 * 256 + Int(high & 0xFF)] ^ table[2 * 256 + Int(high >> 8 & 0xFF)]
                    ^ table[256 + Int(high >> 16 & 0xFF)] ^ table[Int(high >> 24)]
                position += 8
            }
            while position < bytes.count {
                crc = crc >> 8 ^ table[Int((crc ^ UInt32(bytes[position])) & 0xFF)]
                position += 1
            }
        }
        state = crc
    }

    /// The checksum of one array.
    package static func of(_ bytes: [UInt8]) -> UInt32 {
        var crc = CRC32()
        bytes.withUnsafeBytes { crc.append($0) }
        return crc.value
    }

    /// Eight tables of 256: table k advances a byte by k further zero bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
            tables[byte] = crc
        }
        for index in 256..<2048 {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }()
}
