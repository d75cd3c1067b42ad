/// The spelling of byte-level vocabularies: each byte is one printable character, as GPT-2's vocabulary file has it.
///
/// Bytes that are printable in Latin-1 stand for themselves; the other 68 are numbered from U+0100 in byte order.
enum ByteAlphabet {
    /// The character of each byte.
    static let characters: [Unicode.Scalar] = {
        var others = UInt32(0x100)
        return (UInt8(0)...255).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
            default:
                defer { others += 1 }
                return Unicode.Scalar(others) ?? "\u{FFFD}"
            }
        }
    }()

    private static let bytes: [UInt32: UInt8] = Dictionary(
        uniqueKeysWithValues: zip(characters.map(\.value), UInt8(0)...255))

    /// The bytes that a vocabulary entry spells; nil where a character is none of the alphabet's.
    static func bytes(of text: some Sequence<Unicode.Scalar>) -> [UInt8]? {
        var spelled: [UInt8] = []
        for scalar in text {
            guard let byte = bytes[scalar.value] else { return nil }
            spelled.append(byte)
        }
        return spelled
    }
}
