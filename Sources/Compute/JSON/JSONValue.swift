/// One JSON value whose object members keep their order and whose numbers keep their spelling.
///
/// Foundation's reader accepts duplicate keys and forgets which it dropped; a safetensors header with two tensors of
/// one name must be refused, and a 64-bit generator state must not pass through a `Double`.
package indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])

    /// An integer as JSON.
    package static func integer(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }

    /// A string map as an object with sorted keys, so that equal maps give equal files.
    package static func map(_ values: [String: String]) -> JSONValue {
        .object(values.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) })
    }
}

/// A name and its value inside a JSON object.
package struct JSONMember: Sendable, Equatable {
    package let name: String
    package let value: JSONValue

    package init(_ name: String, _ value: JSONValue) {
        self.name = name
        self.value = value
    }
}

// MARK: - Reading out

extension JSONValue {
    /// The member of that name, or nil when this is no object or has no such member.
    package subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The value as an integer that fits `Int`, or nil; `1.0` and `1e3` are not integers here.
    package var asInt: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text)
    }

    /// The value as an unsigned 64-bit integer, or nil.
    package var asUInt64: UInt64? {
        guard case .number(let text) = self else { return nil }
        return UInt64(text)
    }

    /// The value as a finite number, or nil.
    package var asDouble: Double? {
        guard case .number(let text) = self, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// The value as a string, or nil.
    package var asString: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The value as a Boolean, or nil.
    package var asBool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The elements, or nil when this is no array.
    package var asArray: [JSONValue]? {
        guard case .array(let values) = self else { return nil }
        return values
    }

    /// The members in file order, or nil when this is no object.
    package var asMembers: [JSONMember]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// An object whose values are all strings, or nil.
    package var asStringMap: [String: String]? {
        guard case .object(let members) = self else { return nil }
        var map: [String: String] = [:]
        for member in members {
            guard let text = member.value.asString else { return nil }
            map[member.name] = text
        }
        return map
    }
}

// MARK: - Writing

extension JSONValue {
    /// The value as one line of JSON without spaces.
    package var compactText: String {
        var out = ""
        write(to: &out, indent: nil)
        return out
    }

    /// The value as indented JSON ending in a newline, for files a person may open.
    package var prettyText: String {
        var out = ""
        write(to: &out, indent: 0)
        return out + "\n"
    }

    private func write(to out: inout String, indent: Int?) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .number(let text): out += text
        case .string(let text): Self.write(text, to: &out)
        case .array(let values):
            // Arrays stay on one line: shapes, vocabularies and states read better so.
            Self.writeList(values, brackets: ("[", "]"), to: &out, indent: nil) { $0.write(to: &$1, indent: nil) }
        case .object(let members):
            let inner = indent.map { $0 + 2 }
            Self.writeList(members, brackets: ("{", "}"), to: &out, indent: indent) { member, out in
                Self.write(member.name, to: &out)
                out += inner == nil ? ":" : ": "
                member.value.write(to: &out, indent: inner)
            }
        }
    }

    private static func writeList<Element>(
        _ elements: [Element], brackets: (String, String), to out: inout String, indent: Int?,
        each: (Element, inout String) -> Void,
    ) {
        out += brackets.0
        for (index, element) in elements.enumerated() {
            if index > 0 { out += "," }
            if let indent { out += "\n" + String(repeating: " ", count: indent + 2) }
            each(element, &out)
        }
        if let indent, !elements.isEmpty { out += "\n" + String(repeating: " ", count: indent) }
        out += brackets.1
    }

    private static func write(_ text: String, to out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}
