/// A file of tiktoken: lines of a token's bytes in Base64 and its number, which is also the rank of whatever makes it.
///
/// tiktoken joins the two neighbours whose bytes together are the token of the lowest number. The same merges as pairs: for
/// every token each way to cut it into two tokens, in the order of the tokens and, of one token, of its first parts.
struct TiktokenRanks {
    /// Spelled with `ByteAlphabet`, by number.
    let vocabulary: [JSONMember]
    let merges: [JSONValue]

    init(_ file: TokenizerFile, path: String) throws(ComputeError) {
        var tokens: [(bytes: [UInt8], number: Int)] = []
        for (index, line) in file.bytes.split(separator: 0x0A).enumerated() {
            let parts = line.split { $0 == 0x20 || $0 == 0x0D }
            guard parts.count == 2, let bytes = Self.decoded(parts[0]), !bytes.isEmpty,
                let number = Int(String(decoding: parts[1], as: UTF8.self)), (0..<BPEVocabulary.limit).contains(number)
            else { throw ComputeError.damaged(path, "line \(index + 1) is no token in Base64 with its number") }
            tokens.append((bytes, number))
        }
        tokens.sort { $0.number < $1.number }
        let numbers = Dictionary(tokens.map { ($0.bytes[...], $0.number) }) { first, _ in first }
        guard numbers.count == tokens.count else { throw ComputeError.damaged(path, "has a token twice") }
        let spellings = tokens.map { Self.spelling($0.bytes[...]) }
        vocabulary = zip(tokens, spellings).map { JSONMember($1, .integer($0.number)) }
        var merges: [JSONValue] = []
        for (bytes, _) in tokens where bytes.count > 1 {
            var ways: [(left: Int, right: Int, cut: Int)] = []
            for cut in 1..<bytes.count {
                if let left = numbers[bytes[..<cut]], let right = numbers[bytes[cut...]] {
                    ways.append((left, right, cut))
                }
            }
            for way in ways.sorted(by: { ($0.left, $0.right) < ($1.left, $1.right) }) {
                merges.append(
                    .array([
                        .string(Self.spelling(bytes[..<way.cut])), .string(Self.spelling(bytes[way.cut...])),
                    ]))
            }
        }
        self.merges = merges
    }

    private static func spelling(_ bytes: ArraySlice<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(ByteAlphabet.characters[Int(byte)]) }
        return String(text)
    }

    /// Base64 with its padding; nil for anything else.
    private static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        let body = text.prefix { $0 != UInt8(ascii: "=") }
        guard text.count - body.count <= 2, text.dropFirst(body.count).allSatisfy({ $0 == UInt8(ascii: "=") }) else {
            return nil
        }
        var bytes: [UInt8] = [], bits = 0, held = 0
        for byte in body {
            guard let value = value(of: byte) else { return nil }
            held = held << 6 | value
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: held >> bits))
            held &= 1 << bits - 1
        }
        return bytes
    }

    private static func value(of byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
