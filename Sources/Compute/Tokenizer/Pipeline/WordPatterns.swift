/// A pre-tokenizer's regular expression, as a scanner written by hand.
///
/// A scanner and not a regular expression engine, for the expressions that most files have: it runs once over the text
/// whatever the text is. Every one of them matches something at every place.
protocol WordPattern: Sendable {
    /// The expression as `tokenizer.json` spells it.
    static var expression: String { get }
    /// The end of the match that begins at `start`, which is before the end of the text.
    static func end(in text: ClassifiedText, from start: Int) -> Int
}

/// The patterns that need no regular expression engine. A new one is a file beside this and a line here.
enum WordPatterns {
    static let all: [any WordPattern.Type] = [
        GPT2Pattern.self,
        Llama3Pattern.self,
        Qwen2Pattern.self,
    ]
}

// MARK: - Parts that patterns share

extension ClassifiedText {
    /// `\s+(?!\S)|\s+`: white space up to the end of the text or to its last character, which goes with the next word.
    func separator(from start: Int) -> Int {
        let end = whitespace(from: start)
        guard end < self.end else { return end }
        let last = bytes.scalarStart(before: end)
        return last > start ? last : end
    }

    /// Whether a contraction tells upper from lower case.
    enum CaseRule {
        case exact
        case ignored
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d`, or nil where none begins at `start`.
    func contraction(from start: Int, _ rule: CaseRule) -> Int? {
        guard byte(start) == UInt8(ascii: "'") else { return nil }
        func letter(_ offset: Int) -> UInt8? {
            guard let byte = byte(start + offset) else { return nil }
            let isUpper = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            return rule == .ignored && isUpper ? byte | 0x20 : byte
        }
        switch (letter(1), letter(2)) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _):
            return start + 2
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        // U+017F, the long s, is an s where case is ignored.
        case (0xC5, 0xBF) where rule == .ignored: return start + 3
        default: return nil
        }
    }
}
