/// A strict JSON reader for files that may be damaged or hostile: every fault is thrown with its byte offset.
///
/// Duplicate names, unpaired surrogates, invalid UTF-8, control characters in strings, trailing bytes and nesting
/// beyond 64 levels are refused.
package struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    private static let deepest = 64
    /// The reason of a fault in text that would otherwise be JSON.
    package static let unpairedSurrogate = "unpaired surrogate"

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Why and where a text is not JSON.
    package struct Fault: Error, Equatable {
        package let reason: String
        package let offset: Int

        /// The fault as one phrase.
        package var text: String { "\(reason) at byte \(offset)" }
    }

    /// Parses the whole of `bytes` as one value; leading and trailing white space is allowed.
    package static func parse(_ bytes: some Sequence<UInt8>) throws(Fault) -> JSONValue {
        var parser = JSONParser(Array(bytes))
        let value = try parser.value()
        parser.skipSpace()
        guard parser.position == parser.bytes.count else { throw parser.fault("bytes after the value") }
        return value
    }
}

// MARK: - Grammar

extension JSONParser {
    private mutating func value() throws(Fault) -> JSONValue {
        skipSpace()
        switch peek() {
        case UInt8(ascii: "{"): return try nested { parser throws(Fault) in try parser.object() }
        case UInt8(ascii: "["): return try nested { parser throws(Fault) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case nil: throw fault("the text ends where a value should be")
        default: return try number()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(Fault) -> JSONValue
    ) throws(Fault) -> JSONValue {
        guard depth < Self.deepest else { throw fault("nested deeper than \(Self.deepest) levels") }
        depth += 1
        position += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(Fault) -> JSONValue {
        var members: [JSONMember] = []
        var names: Set<[UInt8]> = []
        skipSpace()
        if take("}") { return .object([]) }
        while true {
            skipSpace()
            guard peek() == UInt8(ascii: "\"") else { throw fault("a member name must be a string") }
            let name = try string()
            // Compared as bytes: Swift strings are equal when canonically equivalent, tensor names are not.
            guard names.insert(Array(name.utf8)).inserted else { throw fault("duplicate name '\(name)'") }
            skipSpace()
            guard take(":") else { throw fault("expected ':' after a name") }
            members.append(JSONMember(name, try value()))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw fault("expected ',' or '}'") }
        }
    }

    private mutating func array() throws(Fault) -> JSONValue {
        var values: [JSONValue] = []
        skipSpace()
        if take("]") { return .array([]) }
        while true {
            values.append(try value())
            skipSpace()
            if take("]") { return .array(values) }
            guard take(",") else { throw fault("expected ',' or ']'") }
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(Fault) -> JSONValue {
        let matches = text.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard matches else { throw fault("unexpected byte") }
        position += text.utf8CodeUnitCount
        return value
    }

    private mutating func number() throws(Fault) -> JSONValue {
        let start = position
        _ = take("-")
        let leadingZero = peek() == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0 else { throw fault("expected a value") }
        guard whole == 1 || !leadingZero else { throw fault("a number must not begin with 0") }
        if take(".") {
            guard digits() > 0 else { throw fault("a fraction needs a digit") }
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            position += 1
            if !take("+") { _ = take("-") }
            guard digits() > 0 else { throw fault("an exponent needs a digit") }
        }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = peek(), UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { position += 1 }
        return position - start
    }
}

// MARK: - Strings

extension JSONParser {
    private mutating func string() throws(Fault) -> String {
        position += 1
        var utf8: [UInt8] = []
        while let byte = peek() {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: utf8, as: UTF8.self) else { throw fault("invalid UTF-8") }
                return text
            case UInt8(ascii: "\\"): try escape(into: &utf8)
            case ..<0x20: throw fault("control character in a string")
            default: utf8.append(byte)
            }
        }
        throw fault("the text ends inside a string")
    }

    private mutating func escape(into utf8: inout [UInt8]) throws(Fault) {
        guard let byte = peek() else { throw fault("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): utf8.append(byte)
        case UInt8(ascii: "b"): utf8.append(0x08)
        case UInt8(ascii: "f"): utf8.append(0x0C)
        case UInt8(ascii: "n"): utf8.append(0x0A)
        case UInt8(ascii: "r"): utf8.append(0x0D)
        case UInt8(ascii: "t"): utf8.append(0x09)
        case UInt8(ascii: "u"): utf8.append(contentsOf: String(Character(try escapedScalar())).utf8)
        default: throw fault("unknown escape")
        }
    }

    private mutating func escapedScalar() throws(Fault) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take("\\"), take("u") else { throw fault(Self.unpairedSurrogate) }
        let second = try hexadecimal()
        guard 0xDC00...0xDFFF ~= second,
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw fault(Self.unpairedSurrogate) }
        return scalar
    }

    private mutating func hexadecimal() throws(Fault) -> UInt32 {
        guard position + 4 <= bytes.count,
            bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw fault("\\u needs four hexadecimal digits") }
        position += 4
        return value
    }
}

// MARK: - Cursor

extension JSONParser {
    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard let next = peek(), UInt32(next) == byte.value else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func fault(_ reason: String) -> Fault { Fault(reason: reason, offset: position) }
}
