import Compute
import Protocol

/// One line of a jsonl file, cut into its columns and no further: a column that nobody reads cannot be wrong.
///
/// What other programs write and strict JSON refuses (NaN, Infinity, a lone surrogate, a name that comes twice, any depth of
/// nesting) is passed over in columns that are not asked for.
package struct RowRecord: Sendable {
    /// Counted from 1.
    package let line: Int
    private let columns: [(name: String, value: ArraySlice<UInt8>)]

    init(_ line: LineReader.Line, number: Int) throws(RowFault) {
        self.line = number
        switch line {
        case .tooLong(let count):
            throw RowFault(.bytes, "the line has \(count) bytes, the limit is \(LineReader.longestLine)")
        case .bytes(let bytes):
            var scanner = RowScanner(bytes)
            columns = try scanner.columns()
        }
    }

    /// Names of the columns, in the order of the line.
    package var names: [String] { columns.map(\.name) }

    /// The text of a column that must be there and hold some. A number is its text as the file has it.
    package func text(_ name: String) throws(RowFault) -> String {
        let found = columns.filter { $0.name == name }
        guard let value = found.first?.value else { throw missing(name) }
        guard found.count == 1 else { throw RowFault(.repetition, "the row has '\(name)' \(found.count) times") }
        let text = try Self.text(of: value, name)
        if text.isEmpty { throw RowFault(.value, "'\(name)' is empty") }
        return text
    }

    private static func text(of value: ArraySlice<UInt8>, _ name: String) throws(RowFault) -> String {
        let kind = JSONWord(value)
        guard kind == .text || kind == .number else {
            throw RowFault(kind == .list ? .list : .value, "'\(name)' is \(kind.phrase), not text")
        }
        if let place = UTF8Check.firstFault(in: value) {
            throw RowFault(.encoding, UTF8Check.sentence(byte: value[place], at: place))
        }
        do {
            switch try JSONParser.parse(value) {
            case .string(let text), .number(let text): return text
            default: throw RowFault(.value, "'\(name)' is not text")
            }
        } catch let fault as JSONParser.Fault {
            throw RowFault(
                fault.reason == JSONParser.unpairedSurrogate ? .surrogate : .json,
                "no JSON: \(fault.reason) at byte \(value.startIndex + fault.offset)")
        } catch {
            throw RowFault(.value, "'\(name)' is not text")
        }
    }

    private func missing(_ name: String) -> RowFault {
        let suggestion = Suggestion.phrase(for: name, among: names)
        if !suggestion.isEmpty { return RowFault(.column, "the row has no '\(name)'.\(suggestion)", columns: names) }
        let shown = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
        return RowFault(
            .column, "the row has no '\(name)'; \(names.isEmpty ? "it has no column" : "its columns are \(shown)")",
            columns: names)
    }
}

/// What a JSON value is, by its first byte.
enum JSONWord {
    case text
    case number
    case list
    case object
    case truth
    case null
    case other

    init(_ value: ArraySlice<UInt8>) {
        guard let first = value.first else {
            self = .other
            return
        }
        self =
            switch first {
            case UInt8(ascii: "\""): .text
            case UInt8(ascii: "0")...UInt8(ascii: "9"): .number
            case UInt8(ascii: "-"): value.count > 1 && value.dropFirst().first == UInt8(ascii: "I") ? .other : .number
            case UInt8(ascii: "["): .list
            case UInt8(ascii: "{"): .object
            case UInt8(ascii: "t"), UInt8(ascii: "f"): .truth
            case UInt8(ascii: "n"): .null
            default: .other
            }
    }

    var phrase: String {
        switch self {
        case .text: "text"
        case .number: "a number"
        case .list: "a list"
        case .object: "an object"
        case .truth: "true or false"
        case .null: "null"
        case .other: "no number"
        }
    }
}

/// Where bytes stop being UTF-8.
enum UTF8Check {
    /// The index of the first byte that begins no UTF-8; nil where all is well.
    static func firstFault(in bytes: ArraySlice<UInt8>) -> Int? {
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var position = bytes.startIndex
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let scalar): position += scalar.count
            case .emptyInput: return nil
            case .error: return position
            }
        }
    }

    static func sentence(byte: UInt8, at place: Int) -> String {
        let hexadecimal = String(byte, radix: 16, uppercase: true)
        let latin = byte >= 0xA0 ? " (in Latin-1 it is '\(Character(Unicode.Scalar(byte)))')" : ""
        return "byte 0x\(hexadecimal) at byte \(place) of the line is no UTF-8\(latin)"
    }
}
