import Compute

/// Finds the columns of one JSON object without reading their values.
struct RowScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Names, and where their values lie; a name comes as often as the line has it.
    mutating func columns() throws(RowFault) -> [(name: String, value: ArraySlice<UInt8>)] {
        skipSpace()
        guard peek() == UInt8(ascii: "{") else { throw noObject() }
        position += 1
        var columns: [(name: String, value: ArraySlice<UInt8>)] = []
        skipSpace()
        if take("}") { return try ended(columns) }
        while true {
            skipSpace()
            guard peek() == UInt8(ascii: "\"") else { throw fault("a name must be a string") }
            let name = try skipped()
            skipSpace()
            guard take(":") else { throw fault("expected ':' after a name") }
            skipSpace()
            columns.append((self.name(of: name), try skipped()))
            skipSpace()
            if take("}") { return try ended(columns) }
            guard take(",") else { throw fault("expected ',' or '}'") }
        }
    }

    private mutating func ended(
        _ columns: [(name: String, value: ArraySlice<UInt8>)]
    ) throws(RowFault) -> [(name: String, value: ArraySlice<UInt8>)] {
        skipSpace()
        guard position == bytes.count else { throw fault("bytes after the object") }
        return columns
    }

    /// A name that cannot be read is that of no column somebody asks for.
    private func name(of text: ArraySlice<UInt8>) -> String {
        let inner = text.dropFirst().dropLast()
        guard inner.contains(UInt8(ascii: "\\")) else { return String(decoding: inner, as: UTF8.self) }
        return (try? JSONParser.parse(text).asString) ?? String(decoding: inner, as: UTF8.self)
    }

    /// Passes over one value, whatever is in it.
    private mutating func skipped() throws(RowFault) -> ArraySlice<UInt8> {
        let start = position
        switch peek() {
        case UInt8(ascii: "\""): try skipString()
        case UInt8(ascii: "{"), UInt8(ascii: "["): try skipNested()
        case nil: throw fault("the line ends where a value should be")
        default: try skipWord()
        }
        return bytes[start..<position]
    }

    private mutating func skipString() throws(RowFault) {
        position += 1
        while let byte = peek() {
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return }
        }
        position = bytes.count
        throw fault("the line ends inside a string")
    }

    private mutating func skipNested() throws(RowFault) {
        var depth = 0
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""): try skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                position += 1
                if depth == 0 { return }
            default: position += 1
            }
        }
        throw fault("the line ends inside a list or an object")
    }

    /// A number, a literal, or what other programs write in their place: NaN, -Infinity.
    private mutating func skipWord() throws(RowFault) {
        let start = position
        while let byte = peek(), Self.isOfWord(byte) { position += 1 }
        guard position > start else { throw fault("expected a value") }
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private func noObject() -> RowFault {
        let rest = bytes[position...]
        let kind = JSONWord(rest)
        if kind != .other, (try? JSONParser.parse(rest)) != nil {
            return RowFault(.json, "the line is \(kind.phrase), not an object")
        }
        return fault("the line is no object")
    }

    private func fault(_ reason: String) -> RowFault { RowFault(.json, "no JSON: \(reason) at byte \(position)") }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x09 || byte == 0x0D { position += 1 }
    }
}
