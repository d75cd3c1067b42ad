/// What a setting, or the argument behind it, accepts.
package enum SettingKind: Sendable, Equatable {
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case text
    /// A file or folder: `~/` and `$COCKPIT_HOME/` are expanded, a relative path counts from the working folder, empty
    /// means none.
    case path
    case choice([String])
    case boolean

    /// What a form or a help page says is allowed.
    package var description: String {
        switch self {
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .text: "text"
        case .path: "a path"
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        case .boolean: "true or false"
        }
    }

    /// `value` as this kind has it, a whole number as a number where one is wanted; nil where it is not accepted.
    package func accepted(_ value: SettingValue) -> SettingValue? {
        switch self {
        case .integer(let range): value.integer.flatMap { range.contains($0) ? .integer($0) : nil }
        case .number(let range): value.number.flatMap { range.contains($0) ? .number($0) : nil }
        case .text, .path: value.text.map { .text($0) }
        case .choice(let words): value.text.flatMap { words.contains($0) ? .text($0) : nil }
        case .boolean: value.boolean.map { .boolean($0) }
        }
    }

    /// Reads `text` as this kind, a path as it stands; the failure is a phrase that follows "'key=text' ".
    package func parse(_ text: String) -> Result<SettingValue, SettingRefusal> {
        switch self {
        case .integer(let range):
            guard let value = Int(text) else { return .failure(refusal(ofNumber: text)) }
            return range.contains(value) ? .success(.integer(value)) : .failure(outOfRange)
        case .number(let range):
            guard let value = Double(text), !value.isNaN else { return .failure(refusal(ofNumber: text)) }
            return range.contains(value) ? .success(.number(value)) : .failure(outOfRange)
        case .text, .path:
            return .success(.text(text))
        case .choice(let words):
            if words.contains(text) { return .success(.text(text)) }
            let suggestion = Suggestion.phrase(for: text, among: words)
            return .failure(
                SettingRefusal(phrase: suggestion.isEmpty ? refusal.phrase : "\(refusal.phrase).\(suggestion)"))
        case .boolean:
            // Capitals as YAML 1.1 has them, in files and in overrides alike.
            switch text.lowercased() {
            case "true", "yes", "on": return .success(.boolean(true))
            case "false", "no", "off": return .success(.boolean(false))
            default: return .failure(refusal)
            }
        }
    }

    private var refusal: SettingRefusal { SettingRefusal(phrase: "must be \(description)") }

    /// Names the first character that looks like one of a number's and is none, as a text that was copied may have.
    private func refusal(ofNumber text: String) -> SettingRefusal {
        guard let odd = text.unicodeScalars.first(where: { !$0.isASCII }) else { return refusal }
        let number = String(odd.value, radix: 16, uppercase: true)
        let code = String(repeating: "0", count: max(0, 4 - number.count)) + number
        return SettingRefusal(
            phrase: "\(refusal.phrase); '\(Character(odd))' in it is U+\(code), no character of a number")
    }

    private var outOfRange: SettingRefusal { SettingRefusal(phrase: "is out of range: it must be \(description)") }
}

/// Why a text is no value of a setting.
package struct SettingRefusal: Error, Equatable {
    package let phrase: String

    package init(phrase: String) { self.phrase = phrase }
}
