import Foundation

/// The last value of each series of a trial, packed: a list of a thousand trials is read in milliseconds.
///
/// A byte 1; then for each series two bytes with the length of its key, the key, eight bytes of the value, all
/// little-endian. Version 1 of this program wrote a property list, which begins otherwise.
enum LastValues {
    private static let format: UInt8 = 1

    static func encode(_ values: [String: Double]) -> [UInt8] {
        var bytes = [format]
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            let key = Array(key.utf8.prefix(Int(UInt16.max)))
            bytes.append(UInt8(key.count & 0xff))
            bytes.append(UInt8(key.count >> 8))
            bytes += key
            withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
        }
        return bytes
    }

    /// Values that cannot be read are values that are not known.
    static func decode(_ bytes: UnsafeRawBufferPointer) -> [String: Double] {
        guard bytes.first == format else {
            return (try? PropertyListDecoder().decode([String: Double].self, from: Data(bytes))) ?? [:]
        }
        var values: [String: Double] = [:]
        var place = 1
        while place + 2 <= bytes.count {
            let length = Int(bytes[place]) | Int(bytes[place + 1]) << 8
            let end = place + 2 + length + 8
            guard end <= bytes.count else { return values }
            let key = String(decoding: bytes[(place + 2)..<(end - 8)], as: UTF8.self)
            let pattern = bytes.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self)
            values[key] = Double(bitPattern: UInt64(littleEndian: pattern))
            place = end
        }
        return values
    }
}
