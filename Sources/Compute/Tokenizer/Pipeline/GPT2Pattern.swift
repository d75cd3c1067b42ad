/// GPT-2's words: a contraction, or letters, digits or other characters with one space before them, or white space.
enum GPT2Pattern: WordPattern {
    static let expression =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    static func end(in text: ClassifiedText, from start: Int) -> Int {
        if let end = text.contraction(from: start, .exact) { return end }
        let first = text.byte(start) == UInt8(ascii: " ") ? start + 1 : start
        switch text[first] {
        case .letter: return text.run(of: .letter, from: first)
        case .number: return text.run(of: .number, from: first)
        case .other: return text.run(of: .other, from: first)
        case .space, .newline, nil: return text.separator(from: start)
        }
    }
}
