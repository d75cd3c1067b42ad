import Compute
import Protocol

/// One line of a jsonl file to a row, or the reason why it is none.
struct RowParser {
    let fields: RowFields
    /// Characters that prompt and answer may have together, end-of-sequence counted as one.
    let maximumLength: Int

    /// Why a line is no row.
    struct Fault: Error, Equatable {
        let reason: String
    }

    func row(_ line: LineReader.Line, number: Int) throws(Fault) -> PromptRow {
        let object = try parsed(line)
        guard case .object(let members) = object else {
            throw Fault(reason: "the line is \(Self.kind(of: object)), not an object")
        }
        let prompt = try text("prompt", in: members)
        if prompt.isEmpty { throw Fault(reason: "'prompt' is empty") }
        let answer = try answer(in: members)
        let length = prompt.unicodeScalars.count + (answer?.unicodeScalars.count ?? 0) + 1
        if length > maximumLength {
            throw Fault(reason: "the row has \(length) tokens, the limit (dataset.max_length) is \(maximumLength)")
        }
        return PromptRow(line: number, id: try identity(in: members) ?? "\(number)", prompt: prompt, answer: answer)
    }

    private func parsed(_ line: LineReader.Line) throws(Fault) -> JSONValue {
        switch line {
        case .tooLong(let count):
            throw Fault(reason: "the line has \(count) bytes, the limit is \(LineReader.longestLine)")
        case .bytes(let bytes):
            if let place = bytes.firstIndex(of: 0) { throw Fault(reason: "a NUL byte at byte \(place)") }
            guard String(validating: bytes, as: UTF8.self) != nil else {
                throw Fault(reason: "the line is no valid UTF-8")
            }
            do { return try JSONParser.parse(bytes) } catch { throw Fault(reason: "no JSON: \(error.text)") }
        }
    }

    private func answer(in members: [JSONMember]) throws(Fault) -> String? {
        guard fields == .promptAndAnswer || members.contains(where: { $0.name == "answer" }) else { return nil }
        let answer = try text("answer", in: members)
        if answer.isEmpty { throw Fault(reason: "'answer' is empty") }
        return answer
    }

    private func text(_ name: String, in members: [JSONMember]) throws(Fault) -> String {
        guard let member = members.first(where: { $0.name == name }) else {
            let suggestion = Suggestion.phrase(for: name, among: members.map(\.name))
            throw Fault(reason: "the row has no '\(name)'.\(suggestion)")
        }
        guard let text = member.value.asString else {
            throw Fault(reason: "'\(name)' is \(Self.kind(of: member.value)), not text")
        }
        return text
    }

    private func identity(in members: [JSONMember]) throws(Fault) -> String? {
        guard let value = members.first(where: { $0.name == "id" })?.value else { return nil }
        if let text = value.asString {
            if text.isEmpty { throw Fault(reason: "'id' is empty") }
            return text
        }
        guard let number = value.asInt else {
            throw Fault(reason: "'id' is \(Self.kind(of: value)), not text or a whole number")
        }
        return "\(number)"
    }

    private static func kind(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
